use std::sync::Arc;

use fenghuo_centre::Behaviour;
use fenghuo_contract::{
    Adapter, Address,
    conformance::{self, Samples},
};

use super::carrier::{ALL, Carrier, reference, warning};

/// So many hanzi, none like its neighbour.
fn hanzi(count: usize) -> String {
    "台风红色预警信号发布请立即避险".chars().cycle().take(count).collect()
}

#[tokio::test]
async fn every_protocol_keeps_the_contract() {
    for carrier in ALL {
        let worlds = std::sync::Mutex::new(Vec::new());
        let make = || async {
            let world = carrier.start(Behaviour::default(), "").await;
            let route: Arc<dyn Adapter> = Arc::<crate::Sms>::clone(&world.route);
            worlds.lock().unwrap().push(world);
            route
        };
        let samples = Samples {
            content: warning("松北区气象台发布台风红色预警"),
            addresses: ["13812341234", "+8613912341234"].map(Address::new).into(),
        };
        let report = conformance::run(make, &samples).await;
        assert!(report.violations.is_empty(), "{carrier:?}: {report}");
    }
}

#[tokio::test]
async fn long_texts_arrive_whole() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "").await;
        let texts = [
            (hanzi(67), 1),
            (hanzi(70), 1),
            (hanzi(71), 2),
            (hanzi(134), 2),
            (hanzi(135), 3),
            (format!("{}🌀{}", hanzi(66), hanzi(60)), 2),
            (format!("{}𠮷", hanzi(69)), 2),
        ];
        for (place, (text, segments)) in texts.iter().enumerate() {
            let number = format!("1381234{place:04}");
            let verdicts = world.send(&warning(text), &[&number]).await;
            let name = reference(&verdicts[0]);
            let receipts = world.sink.receipts(place + 1).await;
            assert_eq!(receipts[place].reference, name, "one receipt for all segments");
            let arrived = world.centre.arrived().pop().unwrap();
            assert_eq!((&arrived.text, arrived.segments), (text, *segments), "{carrier:?}");
        }
        world.end().await;
    }
}

#[tokio::test]
async fn what_is_said_around_the_text_arrives_too() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "[text]\nsignature = '【松北应急】'").await;
        world.send(&warning("台风red"), &["13812341234"]).await;
        let arrived = world.centre.arrived().pop().unwrap();
        assert_eq!(&*arrived.text, "【松北应急】台风red");
        assert_eq!((&*arrived.from, &*arrived.validity, arrived.receipt), ("10690001", "260601100000032+", true));
        let (number, priority, coding) = match carrier {
            Carrier::Sgip => ("8613812341234", 9, 8),
            Carrier::Smgp => ("13812341234", 3, 15),
            Carrier::Cmpp20 | Carrier::Cmpp30 => ("13812341234", 9, 8),
        };
        assert_eq!((&*arrived.to, arrived.priority, arrived.coding), (number, priority, coding));
        world.end().await;
    }
}

#[tokio::test]
async fn gbk_is_laid_out_by_what_the_handset_gets() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "[text]\ncodings = ['ascii', 'gbk', 'ucs2']").await;
        let mixed = format!("{}{}", hanzi(40), "Typhoon 2026 warning, level 1!");
        let longer = format!("{mixed}!");
        for (text, coding, segments) in
            [("Typhoon", 0, 1), ("台风", 15, 1), ("台风🌀", 8, 1), (&*mixed, 15, 1), (&*longer, 15, 2)]
        {
            world.send(&warning(text), &["13812341234"]).await;
            let arrived = world.centre.arrived().pop().unwrap();
            assert_eq!((&*arrived.text, arrived.coding, arrived.segments), (text, coding, segments), "{carrier:?}");
        }
        world.end().await;
    }
}

#[tokio::test]
async fn one_submit_carries_many_numbers() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "").await;
        let numbers: Vec<String> = (0..256).map(|place| format!("1380000{place:04}")).collect();
        let numbers: Vec<&str> = numbers.iter().map(|number| &**number).collect();
        let verdicts = world.send(&warning("台风"), &numbers).await;
        let mut names: Vec<_> = verdicts.iter().map(reference).collect();
        let mut heard: Vec<_> = world.sink.receipts(256).await.into_iter().map(|receipt| receipt.reference).collect();
        names.sort();
        heard.sort();
        assert_eq!(heard, names, "{carrier:?}: every delivery has a receipt of its own");
        names.dedup();
        let counts = world.centre.counts();
        let submits = 256_u64.div_ceil(carrier.numbers_max());
        assert_eq!((names.len(), counts.submits, counts.arrived, counts.doubled), (256, submits, 256, 0));
        world.end().await;
    }
}
