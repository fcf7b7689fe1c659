//! Positions, duties and choices, in every form of file.

use encoding_rs::GB18030;

use super::*;
use crate::{
    domain::{
        message::{Area, Circle},
        opt_out::OptOut,
        position::gcj02,
        shape::Shape,
    },
    flow::target::import::Coordinates,
};

/// The hall of the district, WGS-84, and the same as Chinese maps write it.
const HALL: (f64, f64) = (45.802_346, 126.567_891);

/// Everybody within two metres of the hall.
async fn at_the_hall(directory: &Directory) -> u64 {
    let circles = vec![Circle { centre: [HALL.0, HALL.1], radius_km: 0.002 }];
    let area = Area {
        description: String::new(),
        polygons: Vec::new(),
        circles,
        geocodes: Vec::new(),
        altitude_ft: None,
        ceiling_ft: None,
    };
    let shapes: Vec<Shape> = Shape::of_area(&area).collect();
    let selection = Selection { within: directory.within(&shapes).await, ..Selection::default() };
    directory.select(&selection, Sms).len()
}

#[tokio::test(start_paused = true)]
async fn csv_ndjson_and_gb18030_know_positions_duties_and_choices() {
    let (lat, lon) = gcj02::from_wgs84(HALL.0, HALL.1);
    let chinese = format!(
        "编号,区划,手机,纬度,经度,坐标系,值守,最低接收等级\n\
         a,230109005000,13800138000,{},{},WGS-84,是,橙色\nb,230109005000,13800138001,{lat},{lon},GCJ-02,否,黄色\n\
         c,230109005000,13800138002,,,,,\n",
        HALL.0, HALL.1
    );
    let object = |id: &str, rest: &str| {
        format!("{{\"external_id\":\"{id}\",\"areas\":[\"230109005000\"],\"sms\":\"13800138000\"{rest}}}\n")
    };
    let wgs = format!("{{\"latitude\":{},\"longitude\":{}}}", HALL.0, HALL.1);
    let gcj = format!("{{\"latitude\":{lat},\"longitude\":\"{lon}\",\"coordinates\":\"gcj02\"}}");
    let objects = object("a", &format!(",\"position\":{wgs},\"duty\":true,\"opt_out_below\":\"orange\""))
        + &object("b", &format!(",\"position\":{gcj},\"duty\":false,\"opt_out_below\":\"yellow\""))
        + &object("c", ",\"position\":null,\"opt_out_below\":null");
    let (gb18030, _, _) = GB18030.encode(&chinese);
    let files = [(Format::Csv, chinese.as_bytes()), (Format::Csv, &*gb18030), (Format::Ndjson, objects.as_bytes())];
    for (format, bytes) in files {
        let (store, directory) = directory().await;
        let said = Options { coordinates: Some(Coordinates::Wgs84), ..options() };
        let report = run(&directory, format, bytes, 1 << 20, said).await.unwrap();
        assert_eq!((found(&report), counts(&report)), (vec![], [3, 3, 0, 0, 0]), "{format:?}");
        assert_eq!(report.advice, []);
        assert_eq!(at_the_hall(&directory).await, 2);
        let page = directory.list(None, 10).await.unwrap().items;
        let said: Vec<_> = page.iter().map(|view| (view.duty, view.opt_out_below)).collect();
        assert_eq!(said, [(true, Some(OptOut::Orange)), (false, Some(OptOut::Yellow)), (false, None)]);
        let shown = serde_json::to_value(&page).unwrap();
        assert_eq!(shown[0]["position"], serde_json::json!({"latitude": 45.8, "longitude": 126.57}));
        assert_eq!(shown[2]["position"], serde_json::Value::Null);
        let again = run(&directory, format, bytes, 1 << 20, Options { coordinates: None, ..options() }).await.unwrap();
        assert_eq!(counts(&again), [3, 0, 0, 3, 0], "the same place is nothing new");
        drop(store);
    }
}

#[tokio::test(start_paused = true)]
async fn the_coordinates_of_a_file_are_said_once_or_assumed_aloud() {
    let (lat, lon) = gcj02::from_wgs84(HALL.0, HALL.1);
    let text = format!("id,areas,sms,lat,lng\na,230109,13800138000,,\nb,230109,13800138001,{lat},{lon}\n");
    let text = text + &format!("c,230109,13800138002,{lat},{lon}\n");
    let (_, directory) = directory().await;
    let report = csv(&directory, &text).await;
    let advice: Vec<_> = report.advice.iter().map(|advice| (advice.line, advice.code)).collect();
    assert_eq!(advice, [(3, "import-coordinates-assumed")]);
    assert_eq!(at_the_hall(&directory).await, 0, "half a kilometre off");
    let said = Options { coordinates: Some(Coordinates::Gcj02), ..options() };
    let report = run(&directory, Format::Csv, text.as_bytes(), 1 << 20, said).await.unwrap();
    assert_eq!((counts(&report), report.advice.len()), ([3, 0, 2, 1, 0], 0));
    assert_eq!(at_the_hall(&directory).await, 2);
}

#[tokio::test(start_paused = true)]
async fn every_bad_value_is_told_with_its_line_and_column() {
    let (_, directory) = directory().await;
    let head = "id,areas,sms,latitude,longitude,coordinates,duty,opt_out_below";
    let lines = [
        ("126.5,45.8,,,", vec![("latitude", "import-position-swapped")]),
        ("91,126.5,,,", vec![("latitude", "import-latitude")]),
        ("45.8,1265,,,", vec![("longitude", "import-longitude")]),
        ("45.8,,,,", vec![("longitude", "import-position-half")]),
        (",126.5,,,", vec![("latitude", "import-position-half")]),
        ("0,0.0,,,", vec![("latitude", "import-position-zero")]),
        ("北纬45,126度,,,", vec![("latitude", "import-degrees"), ("longitude", "import-degrees")]),
        ("45.8,126.5,bd09,,", vec![("coordinates", "import-coordinates")]),
        ("nan,126.5,gcj02,,", vec![("latitude", "import-latitude")]),
        (",,,有时,red", vec![("duty", "import-duty"), ("opt_out_below", "import-opt-out")]),
    ];
    let mut text = head.to_owned();
    for (at, (line, _)) in lines.iter().enumerate() {
        text += &format!("\nr{at},230109,13800138000,{line}");
    }
    let report = csv(&directory, &text).await;
    let expected: Vec<(u64, &str, &str)> = lines
        .iter()
        .enumerate()
        .flat_map(|(at, (_, faults))| faults.iter().map(move |(column, code)| (at as u64 + 2, *column, *code)))
        .collect();
    let mut seen = found(&report);
    seen.sort_unstable();
    let mut wanted = expected.clone();
    wanted.sort_unstable();
    assert_eq!(seen, wanted);
    assert_eq!(report.rejected, lines.len() as u64);
    let object = "{\"external_id\":\"a\",\"areas\":[\"230109\"],\"sms\":\"13800138000\",\"duty\":[],\"position\":{\"latitude\":\"x\",\"longitude\":126.5,\"height\":3}}";
    let report = run(&directory, Format::Ndjson, object.as_bytes(), 64, options()).await.unwrap();
    assert_eq!(found(&report), [(1, "duty", "import-type"), (1, "latitude", "import-degrees")]);
    assert_eq!(report.advice.iter().map(|advice| advice.code).collect::<Vec<_>>().len(), 2, "height, and coordinates");
}
