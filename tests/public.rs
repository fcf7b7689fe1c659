//! The site for residents: what is in force in three languages, what was, whether a message is ours; and nothing that is not
//! meant for everybody.

mod subscribe;

use fenghuo::{domain::short_code::ShortCode, messages::PublicLang};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{Answer, TestGateway},
    message::{following, warning},
};

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

fn actual(identifier: &str, level: &str) -> Value {
    let mut message = warning(identifier, level);
    message["status"] = "actual".into();
    message["infos"][0]["headline"] = format!("标题-{identifier}").into();
    message
}

async fn posted(world: &TestGateway, message: &Value) -> String {
    let answer = world.post(message).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    world.until(&id, |status| ["delivering", "finished"].contains(&status["stage"].as_str().unwrap_or_default())).await;
    id
}

async fn page(world: &TestGateway, path: &str, language: &str) -> Answer {
    let answer = world.ask(Method::GET, path, "", &[("accept-language", language)], Vec::new()).await;
    assert!(answer.header("content-type").starts_with("text/html"), "{path}: {}", answer.text);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_says_what_is_in_force_and_nothing_else() {
    let world = TestGateway::start().await;
    let calm = page(&world, "/", "zh-CN").await;
    assert!(calm.status == StatusCode::OK && calm.text.contains("目前没有生效的预警"), "{}", calm.text);
    let mut hostile = actual("blue-1", "blue");
    hostile["infos"][0]["headline"] = HOSTILE.into();
    hostile["infos"][0]["description"] = HOSTILE.into();
    hostile["infos"][0]["areas"][0]["description"] = HOSTILE.into();
    posted(&world, &hostile).await;
    let red = posted(&world, &actual("red-1", "red")).await;
    posted(&world, &warning("drill-1", "red")).await;
    let mut private = actual("private-1", "red");
    private["scope"] = "private".into();
    private["addresses"] = json!(["somebody"]);
    private["infos"][0]["headline"] = "不给公众看".into();
    posted(&world, &private).await;

    let now = page(&world, "/", "zh-CN").await.text;
    assert!(now.contains("2 条预警生效中") && now.contains(&format!("/warnings/{red}")), "{now}");
    assert!(!now.contains("演练") && !now.contains("不给公众看") && !now.contains("<script>alert"), "{now}");
    let at = |word: &str| now.find(word).unwrap_or_else(|| panic!("{word}: {now}"));
    assert!(at("红色预警") < at("蓝色预警"), "the gravest first");
    for part in ["停止户外活动", "松北区防汛抗旱指挥部", "2036-11-24 08:00", "截至 "] {
        assert!(now.contains(part), "{part}: {now}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reader_gets_his_language() {
    let world = TestGateway::start().await;
    posted(&world, &actual("red-1", "red")).await;
    for (language, path, tag, word) in [
        ("ru-RU,ru;q=0.9", "/", "ru", "Действует 1 предупреждение"),
        ("en-GB", "/", "en", "One warning in force"),
        ("fr", "/", "zh-CN", "1 条预警生效中"),
        ("ru", "/?lang=en", "en", "Red warning"),
        ("ru", "/?lang=xx", "ru", "Красный уровень"),
        ("zh", "/history?lang=ru", "ru", "За 30 дней"),
        ("zh", "/verify?lang=en", "en", "Verify a warning"),
    ] {
        let answer = page(&world, path, language).await;
        assert_eq!(
            (answer.header("content-language"), answer.header("vary")),
            (tag, "accept-encoding, accept-language")
        );
        assert!(
            answer.text.contains(&format!("<html lang=\"{tag}\">")) && answer.text.contains(word),
            "{}",
            answer.text
        );
    }
    let chosen = page(&world, "/?lang=ru", "zh").await.text;
    assert!(chosen.contains("href=\"/history?lang=ru\""), "a language that was chosen stays: {chosen}");
    let few = TestGateway::with(|config| config.public.languages = vec![PublicLang::English]).await;
    assert!(page(&few, "/", "ru, zh").await.text.contains("No warnings are in force"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_holds_the_page_is_told_so() {
    let world = TestGateway::start().await;
    for _ in 0..3 {
        let first = page(&world, "/", "en").await;
        let held = [("if-none-match", first.header("etag")), ("accept-language", "en")];
        let again = world.ask(Method::GET, "/", "", &held, Vec::new()).await;
        assert_eq!(first.header("cache-control"), "no-cache");
        // The minute may have turned in between, which makes another page; not three times.
        if again.status == StatusCode::NOT_MODIFIED {
            assert!(again.text.is_empty() && again.header("content-language") == "en");
            return;
        }
    }
    panic!("the page is never the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outlines_are_drawn_and_areas_without_one_are_named() {
    let world = TestGateway::start().await;
    let mut message = actual("orange-1", "orange");
    message["infos"][0]["areas"] = json!([
        {"description": "江边", "polygons": [[[45.8, 126.5], [45.9, 126.5], [45.9, 126.7], [45.8, 126.5]]]},
        {"description": "化工厂", "circles": [{"centre": [45.85, 126.6], "radius_km": 2.0}]},
        {"description": "只有代码", "geocodes": [{"name": "CN-STAT-CODE", "value": "230109005000"}]},
    ]);
    posted(&world, &message).await;
    let now = page(&world, "/", "zh-CN").await.text;
    assert_eq!(now.matches("<path class=\"orange\" d=\"M").count(), 2, "{now}");
    assert!(now.contains("没有边界图形的区域: 只有代码") && now.contains("共 2 个区域"), "{now}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_day_still_fits_an_old_phone() {
    let world = TestGateway::start().await;
    for number in 0..70 {
        let mut message = actual(&format!("w-{number}"), ["red", "orange", "yellow", "blue"][number % 4]);
        message["infos"][0]["description"] = "沿江各街道立即转移低洼地带人员。".repeat(60).into();
        let ring: Vec<[f64; 2]> = (0..400)
            .map(|at| (f64::from(at % 399) / 399.0 * std::f64::consts::TAU).sin_cos())
            .map(|(sin, cos)| [45.8 + 0.1 * sin, 126.5 + 0.1 * cos])
            .collect();
        message["infos"][0]["areas"] = json!([{"description": "江边", "polygons": [ring]}]);
        posted(&world, &message).await;
    }
    for (language, path) in [("ru", "/"), ("zh-CN", "/"), ("en", "/"), ("ru", "/history")] {
        let html = page(&world, path, language).await.text;
        let mut size = html.len();
        for part in html.split("=\"/assets/").skip(1) {
            let name = part.split('"').next().expect("a name");
            size += world.get(&format!("/assets/{name}"), "").await.text.len();
        }
        assert!(size <= 60 * 1024, "{path} in {language}: {size} bytes with what it needs");
    }
    let first = page(&world, "/history", "en").await.text;
    assert_eq!(first.matches("<li class=").count(), 30);
    let next =
        first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an older page");
    let second = page(&world, next, "en").await.text;
    assert!(
        second.matches("<li class=").count() == 30 && second.contains("标题-w-39") && !second.contains("标题-w-40<")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_has_a_page_with_its_chain_and_how_to_verify_it() {
    let world = TestGateway::start().await;
    let first = actual("orange-1", "orange");
    let id = posted(&world, &first).await;
    let mut update = following(&first, "red-1", "update");
    update["infos"][0]["level"] = "red".into();
    let raised = posted(&world, &update).await;
    let digest = world.get(&format!("/v1/warnings/{id}"), &world.operator).await.json()["digest"].clone();
    let digest = digest.as_str().expect("a digest");
    let code = ShortCode::of_digest(digest).expect("a code").to_string();

    let old = page(&world, &format!("/warnings/{id}"), "en").await.text;
    assert!(old.contains(&code) && old.contains(digest.trim_start_matches("sha256:")), "{old}");
    assert!(
        old.contains("Updated since") && old.contains("Raised") && old.contains(&format!("/warnings/{raised}")),
        "{old}"
    );
    assert!(old.contains("no longer in force"), "{old}");
    let cap = old.split("href=\"/cap/").nth(1).and_then(|rest| rest.split('"').next()).expect("the original");
    assert_eq!(world.get(&format!("/cap/{cap}"), "").await.status, StatusCode::OK);

    for typed in [code.clone(), code.to_lowercase(), code.replace('-', "+")] {
        let found = page(&world, &format!("/verify?code={typed}"), "en").await.text;
        assert!(found.contains("one of our warnings") && found.contains("标题-orange-1"), "{found}");
    }
    let not_ours = page(&world, "/verify?code=0000-0000", "en").await.text;
    assert!(not_ours.contains("Not ours") && not_ours.contains("0000-0000"), "{not_ours}");
    assert!(page(&world, "/verify?code=%3Cb%3E", "ru").await.text.contains("Это не код проверки"));
    assert!(!page(&world, "/verify?code=%22%3E%3Cscript%3E", "ru").await.text.contains("\"><script>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_public_has_no_page_and_no_code() {
    let world = TestGateway::start().await;
    let drill = posted(&world, &warning("drill-1", "red")).await;
    let digest = world.get(&format!("/v1/warnings/{drill}"), &world.operator).await.json()["digest"].clone();
    let code = ShortCode::of_digest(digest.as_str().expect("a digest")).expect("a code");
    for path in [format!("/warnings/{drill}"), "/warnings/absent".to_owned()] {
        let answer = page(&world, &path, "en").await;
        assert!(answer.status == StatusCode::NOT_FOUND && answer.text.contains("There is no such warning"));
    }
    assert!(page(&world, &format!("/verify?code={code}"), "en").await.text.contains("Not ours"));
    assert!(page(&world, "/history", "en").await.text.contains("No warning was issued"));
}
