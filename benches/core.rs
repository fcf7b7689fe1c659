//! The whole core: plan, lanes, leases, simulated provider, outcomes, projection; addresses made up, store on disk.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput};
use fenghuo::{
    clock::Clock,
    config::{Config, Issuer, Route},
    domain::{area::AreaCode, level::Level},
    flow::{
        AddressBook, Assembly, Flow,
        authorize::{Actor, Role},
        intake::{Form, Submission, Submitted},
        receipt::{CallbackSecrets, Links, ScreenInbox},
        render::templates::Templates,
        screens::Screens,
        target::directory::Directory,
    },
    lifecycle::Lifecycle,
    store::{
        Store,
        embedded::{Embedded, Options},
    },
    telemetry::Telemetry,
};
use fenghuo_contract::{Adapter, Channel, NotTaken, Receipt, ReceiptSink};
use fenghuo_simulator::{Settings, Simulator};

/// Half of the synthetic recipients have SMS.
const RECIPIENTS: u32 = 2_000_000;

struct NoReceipts;

#[async_trait::async_trait]
impl ReceiptSink for NoReceipts {
    async fn accept(&self, _receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        Ok(())
    }
}

pub(crate) fn whole_core(criterion: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let data = tempfile::tempdir().expect("a directory");
    let (flow, deliveries) = runtime.block_on(start(data.path()));
    let mut group = criterion.benchmark_group("core");
    group.sample_size(10).measurement_time(Duration::from_secs(20)).throughput(Throughput::Elements(deliveries));
    let mut number = 0;
    group.bench_function("1M deliveries through the simulator", |bench| {
        bench.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                number += 1;
                spent += runtime.block_on(deliver(&flow, number, deliveries));
            }
            spent
        });
    });
    group.finish();
}

async fn start(data: &std::path::Path) -> (Flow, u64) {
    let clock = Clock::system();
    let store: Store = Arc::new(Embedded::open(data, clock.clone(), Options::default()).expect("a store"));
    let streets: Vec<AreaCode> = (2..=8).filter_map(|n| format!("23010900{n}000").parse().ok()).collect();
    let directory = Arc::new(Directory::synthetic(RECIPIENTS, &streets, clock.clone()));
    let config = config();
    let settings = Settings { receipts: 0.0, window: 8, ..Settings::of(Channel::Sms) };
    let simulator = Simulator::new(settings, Arc::new(NoReceipts), 1).expect("good settings");
    let adapters: BTreeMap<String, Arc<dyn Adapter>> = [("sms.bench".to_owned(), Arc::new(simulator) as _)].into();
    let mac: fenghuo::flow::screens::Mac = Arc::new(|_: &[u8]| [0; 32]);
    let shown = Arc::new(ScreenInbox::default());
    let screens = Screens::open(Arc::clone(&store), Arc::clone(&directory), clock.clone(), mac, String::new(), shown);
    let screens = Arc::new(screens.await.expect("screens"));
    let templates = Templates::load(&config).expect("built-in templates");
    let assembly = Assembly {
        config: Arc::new(config),
        clock,
        store,
        lifecycle: Lifecycle::default(),
        telemetry: Telemetry::default(),
        addresses: Arc::clone(&directory) as Arc<dyn AddressBook>,
        directory,
        templates,
        screens,
        links: Links::new(Arc::new(|_: &[u8]| [0; 32]), ""),
        callback_secrets: CallbackSecrets::default(),
        adapters,
    };
    (Flow::start(assembly).await.expect("a flow"), u64::from(RECIPIENTS / 2))
}

fn config() -> Config {
    let mut config = Config::default();
    let route: Route =
        toml::from_str("channel = \"sms\"\nadapter = \"simulator\"\ndrill = true\nactual = false").expect("a route");
    config.routes.insert("sms.bench".to_owned(), route);
    let any = vec!["*".to_owned()];
    config.issuers.insert(
        "bench".to_owned(),
        Issuer {
            name: "Bench".to_owned(),
            senders: Vec::new(),
            hazards: any.clone(),
            levels: Level::ALL.to_vec(),
            areas: any,
            relay: true,
        },
    );
    config
}

/// Time from the submission of a warning to the durable outcome of its last delivery.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
async fn deliver(flow: &Flow, number: u32, deliveries: u64) -> Duration {
    let message = serde_json::json!({
        "identifier": format!("bench-{number}"), "sender": "bench@songbei.example", "sent": "2026-11-24T08:00:00+08:00",
        "status": "exercise", "kind": "alert", "scope": "public",
        "infos": [{"language": "zh-CN", "categories": ["met"], "event": "暴雨", "urgency": "immediate", "level": "red",
            "certainty": "observed", "hazard": "11B03", "expires": "2036-11-24T08:00:00+08:00",
            "headline": "暴雨红色预警", "description": "雨", "instruction": "避险",
            "areas": [{"description": "松北区", "geocodes": [{"name": "CN-STAT-CODE", "value": "230109000000"}]}]}]
    });
    let submission = Submission {
        form: Form::Json,
        media_type: "application/json".to_owned(),
        body: message.to_string().into(),
        actor: Actor { key: "bench".to_owned(), role: Role::Issuer, subject: Some("bench".to_owned()) },
        idempotency_key: None,
    };
    let started = Instant::now();
    let Ok(Submitted::Created(view)) = flow.submit(submission).await else { panic!("not taken") };
    loop {
        let status = flow.status(&view.id).await.expect("a store").expect("a warning");
        if status
            .channels
            .get("sms")
            .is_some_and(|sms| sms.accepted >= deliveries * 99 / 100 && sms.pending == 0 && sms.in_flight == 0)
        {
            return started.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
