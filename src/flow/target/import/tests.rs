mod positions;

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use fenghuo_contract::Channel::{Email, Sms, Wechat};
use fluent_bundle::FluentResource;
use futures_util::{StreamExt, stream};
use proptest::prelude::*;

use super::{
    CODES, ERRORS_MAX, Format, ImportFault, ImportReport, LINE_MAX, Options, import,
    lines::{Line, Lines},
    pieces,
    table::{Quotes, fields},
};
use crate::{
    clock::Clock,
    domain::area::AreaCode,
    flow::target::directory::{Directory, Selection},
    store::{Space, Store, memory::Memory, seal::Vault},
};

fn clock() -> Clock {
    Clock::simulated(1_700_000_000_000, 1)
}

async fn directory() -> (Store, Directory) {
    let store: Store = Arc::new(Memory::new(clock()));
    let directory = Directory::open(Arc::clone(&store), Arc::new(Vault::with_key(&[1; 32])), clock()).await.unwrap();
    (store, directory)
}

fn songbei(area: AreaCode) -> bool {
    area.to_string().starts_with("230109")
}

fn options() -> Options<'static> {
    Options { dry_run: false, known_area: &songbei, coordinates: None }
}

fn rehearsal() -> Options<'static> {
    Options { dry_run: true, ..options() }
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recipients").join(name);
    std::fs::read(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// A server moves the work between threads.
fn sendable<T: Send>(future: T) -> T {
    future
}

/// Imports bytes that come in pieces of `size`.
async fn run(
    directory: &Directory,
    format: Format,
    bytes: &[u8],
    size: usize,
    how: Options<'_>,
) -> Result<ImportReport, ImportFault> {
    let pieces: Vec<_> = bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    sendable(import(directory, format, stream::iter(pieces), how)).await
}

async fn csv(directory: &Directory, text: &str) -> ImportReport {
    run(directory, Format::Csv, text.as_bytes(), 1 << 20, options()).await.unwrap()
}

fn found(report: &ImportReport) -> Vec<(u64, &str, &str)> {
    let seen = report.errors.iter();
    seen.map(|error| (error.line, error.column.as_deref().unwrap_or(""), error.code)).collect()
}

fn counts(report: &ImportReport) -> [u64; 5] {
    assert_eq!(report.lines, report.created + report.changed + report.unchanged + report.rejected);
    [report.lines, report.created, report.changed, report.unchanged, report.rejected]
}

#[tokio::test(start_paused = true)]
async fn chinese_headers_in_utf8_and_gb18030_say_the_same() {
    for (name, encoding) in [("chinese-header.csv", "utf-8"), ("gb18030.csv", "gb18030")] {
        for size in [1, 7, 1 << 20] {
            let (_, directory) = directory().await;
            let report = run(&directory, Format::Csv, &fixture(name), size, options()).await.unwrap();
            assert_eq!((report.encoding, counts(&report)), (Some(encoding), [4, 4, 0, 0, 0]), "{name}: {report:?}");
            assert_eq!(report.advice, []);
            let page = directory.list(None, 10).await.unwrap().items;
            let names: Vec<_> = page.iter().map(|view| view.name.as_str()).collect();
            assert_eq!(names.len(), 4);
            assert_eq!(names[..3], ["王伟", "李娜", "赵𠮷"]);
            assert_eq!(
                (page[1].groups.join(","), page[1].areas.len(), page[1].drill),
                ("officials,rescue".to_owned(), 2, true)
            );
            assert_eq!(page[1].endpoints.keys().collect::<Vec<_>>(), ["email", "sms", "wechat"]);
            assert_eq!((page[2].language.as_str(), page[2].drill), ("en", false));
            let row = directory.find_by_external("r-002").await.unwrap().unwrap();
            let address = directory.endpoints(&[row], Sms).await.unwrap()[0].address.clone().unwrap();
            assert_eq!(address.expose(), "+99913800000002");
            let all = Selection { areas: vec!["230109".parse().unwrap()], ..Selection::default() };
            assert_eq!(directory.select(&all, Wechat).len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_break_in_a_name_is_a_fault_of_that_line_only_when_it_is_one() {
    let (_, directory) = directory().await;
    let text = "id,name,area,sms\na,\"王\n伟\",230109002000,13800138000\nb,\"李\"\"娜\",230109002000,13800138001\n";
    let report = csv(&directory, text).await;
    assert_eq!(found(&report), []);
    let names: Vec<_> = directory.list(None, 9).await.unwrap().items.into_iter().map(|view| view.name).collect();
    assert_eq!(names, ["王 伟", "李\"娜"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_spreadsheet_mangled_is_named_and_the_rest_is_kept() {
    let (_, directory) = directory().await;
    let report = run(&directory, Format::Csv, &fixture("mangled-by-spreadsheet.csv"), 100, options()).await.unwrap();
    let expected = [
        (2, "sms", "import-phone-exponent"),
        (3, "external_id", "import-id-exponent"),
        (4, "areas", "import-area-exponent"),
    ];
    assert_eq!(found(&report), expected);
    assert_eq!(report.errors[0].got.as_deref(), Some("1.38E+10"));
    assert_eq!(counts(&report), [5, 2, 0, 0, 3]);
    assert_eq!(
        report.advice.iter().map(|advice| (advice.line, advice.code)).collect::<Vec<_>>(),
        [(1, "import-column-unknown")]
    );
    assert_eq!(directory.find_by_address(Sms, "13800138000").await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_bad_line_is_told_and_every_good_one_kept() {
    for size in [1, 13, 1 << 20] {
        let (_, directory) = directory().await;
        let report = run(&directory, Format::Csv, &fixture("broken-lines.csv"), size, options()).await.unwrap();
        let expected = [
            (3, "", "import-csv-quote"),
            (4, "sms", "import-phone"),
            (4, "email", "import-email"),
            (5, "areas", "import-area-missing"),
            (6, "external_id", "import-id-missing"),
            (7, "external_id", "import-id-duplicate"),
            (8, "areas", "import-area-unknown"),
            (8, "areas", "import-area"),
            (9, "", "import-encoding"),
            (10, "", "import-csv-columns"),
        ];
        assert_eq!(found(&report), expected);
        assert_eq!(counts(&report), [10, 2, 0, 0, 8]);
        let ids: Vec<_> =
            directory.list(None, 9).await.unwrap().items.into_iter().map(|view| view.external_id).collect();
        assert_eq!(ids, ["a", "i"]);
        assert!(report.errors.iter().all(|error| error.got.as_deref() != Some("not-a-mail")), "addresses are masked");
    }
}

#[tokio::test(start_paused = true)]
async fn ndjson_lines_stand_for_themselves() {
    let (_, directory) = directory().await;
    let report = run(&directory, Format::Ndjson, &fixture("recipients.ndjson"), 11, options()).await.unwrap();
    let expected = [
        (4, "", "import-json"),
        (5, "", "import-json-object"),
        (7, "areas", "import-type"),
        (7, "sms", "import-type"),
        (7, "areas", "import-area-missing"),
    ];
    assert_eq!(found(&report), expected);
    assert_eq!(counts(&report), [6, 3, 0, 0, 3]);
    let unknown: BTreeSet<_> = report.advice.iter().filter_map(|advice| advice.column.as_deref()).collect();
    assert_eq!(unknown, BTreeSet::from(["colour", "endpoints.telex"]));
    assert_eq!(directory.find_by_address(Sms, "13800138000").await.unwrap().len(), 1);
    assert_eq!(directory.find_by_address(Email, "LI@songbei.example").await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_import_writes_nothing_and_a_changed_line_changes_one() {
    let (store, directory) = directory().await;
    let file = "external_id,areas,sms,email\na,230109002000,13800138000,\nb,230109003000,13800138001,b@x.example\n";
    assert_eq!(counts(&csv(&directory, file).await), [2, 2, 0, 0, 0]);
    let before = store.list(Space::Recipient, None, 100).await.unwrap();
    assert_eq!(counts(&csv(&directory, file).await), [2, 0, 0, 2, 0]);
    assert_eq!(store.list(Space::Recipient, None, 100).await.unwrap(), before);
    let changed = file.replace("b@x.example", "");
    assert_eq!(counts(&csv(&directory, &changed).await), [2, 0, 1, 1, 0]);
    assert!(directory.find_by_address(Email, "b@x.example").await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_says_the_same_and_writes_nothing() {
    let (store, directory) = directory().await;
    let file = fixture("broken-lines.csv");
    let rehearsed = run(&directory, Format::Csv, &file, 64, rehearsal()).await.unwrap();
    assert_eq!(store.list(Space::Recipient, None, 100).await.unwrap(), []);
    let real = run(&directory, Format::Csv, &file, 64, options()).await.unwrap();
    assert_eq!(rehearsed, ImportReport { dry_run: true, ..real });
}

#[tokio::test(start_paused = true)]
async fn repeated_ids_are_noticed_over_chunks() {
    let (_, directory) = directory().await;
    let line = |n: u32| format!("r{n},230109002000,1380013{:04}\n", n % 10_000);
    let file: String =
        std::iter::once("id,area,sms\n".to_owned()).chain((0..4_500).map(line)).chain([line(3), line(2_500)]).collect();
    for how in [rehearsal(), options(), options()] {
        let report = run(&directory, Format::Csv, file.as_bytes(), 4096, how).await.unwrap();
        let duplicates = [(4_502, "external_id", "import-id-duplicate"), (4_503, "external_id", "import-id-duplicate")];
        assert_eq!(found(&report), duplicates);
        assert_eq!(report.lines, 4_502);
    }
    assert_eq!(directory.len(), 4_500);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_none_is_refused_as_a_whole() {
    let utf16: Vec<u8> = "\u{feff}id,area,sms\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(&[u8], &str); 8] = [
        (b"", "import-empty"),
        (b"\n\n", "import-empty"),
        (b"PK\x03\x04\x14\x00rest", "import-workbook"),
        (b"\xd0\xcf\x11\xe0rest", "import-workbook"),
        (&utf16, "import-utf16"),
        (b"r-001,Wang,230109002000,13800138000\n", "import-header"),
        ("编号,姓名,手机\n1,王伟,13800138000\n".as_bytes(), "import-header"),
        ("编号,区划,手机,sms\n".as_bytes(), "import-header-twice"),
    ];
    for (bytes, code) in files {
        let (_, directory) = directory().await;
        match run(&directory, Format::Csv, bytes, 5, options()).await {
            Err(ImportFault::Unreadable(error)) => assert_eq!(error.code, code),
            other => panic!("{code}: {other:?}"),
        }
        assert!(directory.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_line_of_a_broken_input_is_not_taken() {
    let (_, directory) = directory().await;
    let whole = Ok(Bytes::from("id,area,sms,email\na,230109002000,13800138000,\nb,230109002000,1380013"));
    let input = stream::iter([whole, Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    match import(&directory, Format::Csv, input, options()).await {
        Err(ImportFault::Cut { so_far, .. }) => assert_eq!(counts(&so_far), [1, 1, 0, 0, 0]),
        other => panic!("{other:?}"),
    }
    assert_eq!(directory.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_ends_the_import_with_what_stands() {
    let (store, directory) = directory().await;
    store.close().await;
    let file = "id,area,sms\na,230109002000,13800138000\nb,23,1\n";
    match run(&directory, Format::Csv, file.as_bytes(), 100, options()).await {
        Err(ImportFault::Unavailable { so_far, .. }) => assert_eq!(counts(&so_far), [1, 0, 0, 0, 1]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_file_is_never_held_at_once() {
    let (_, directory) = directory().await;
    let (areas, people) = (["230109002000", "230109003000", "230109005000"], 15_000_usize);
    let made = AtomicUsize::new(0);
    let lines = stream::iter(0..people / 100).map(|hundred| {
        let done = usize::try_from(directory.len()).unwrap();
        let ahead = made.fetch_add(100, Ordering::Relaxed) - done;
        assert!(ahead <= 2_200 + LINE_MAX / 25, "{ahead} lines were read and not yet stored");
        let line = |n: usize| format!("r{n},{},19{n:09}\n", areas[n % 3]);
        let header = if hundred == 0 { "id,area,sms\n" } else { "" };
        let text: String =
            std::iter::once(header.to_owned()).chain((hundred * 100..hundred * 100 + 100).map(line)).collect();
        Ok(Bytes::from(text))
    });
    let report = import(&directory, Format::Csv, Box::pin(lines), options()).await.unwrap();
    assert_eq!(counts(&report), [people as u64, people as u64, 0, 0, 0]);
    let one = Selection { areas: vec!["230109003000".parse().unwrap()], ..Selection::default() };
    assert_eq!(directory.select(&one, Sms).len(), 5_000);
}

#[tokio::test(start_paused = true)]
async fn endless_lines_and_endless_errors_stay_small() {
    let (_, directory) = directory().await;
    let mut file = b"id,area,sms\n".to_vec();
    file.extend(vec![b'x'; 5 * LINE_MAX]);
    file.extend(b"\na,230109002000,13800138000\n");
    file.extend(b"\"open,1,1\n".repeat(ERRORS_MAX + 500));
    file.extend(b"b,230109002000,13800138000\n");
    let report = run(&directory, Format::Csv, &file, 1000, options()).await.unwrap();
    assert_eq!((report.errors[0].line, report.errors[0].code), (2, "import-line-long"));
    assert_eq!(report.errors.len(), ERRORS_MAX);
    assert_eq!(report.errors_unlisted, report.rejected - ERRORS_MAX as u64);
    assert_eq!((report.created, directory.len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn late_chinese_is_still_read() {
    for (encode, name) in [(false, "utf-8"), (true, "gb18030")] {
        let (_, directory) = directory().await;
        let filler = "\n".repeat(2 * LINE_MAX);
        let line = "a,张伟民,230109002000,13800138000\n";
        let late = if encode { encoding_rs::GB18030.encode(line).0.into_owned() } else { line.as_bytes().to_vec() };
        let file = [b"id,name,area,sms\n", filler.as_bytes(), &late].concat();
        let report = run(&directory, Format::Csv, &file, 4096, options()).await.unwrap();
        assert_eq!((report.encoding, report.created), (Some(name), 1), "{report:?}");
        assert_eq!(directory.list(None, 1).await.unwrap().items[0].name, "张伟民");
    }
}

#[tokio::test(start_paused = true)]
async fn files_come_in_pieces() {
    let (_, directory) = directory().await;
    let bytes = fixture("chinese-header.csv");
    let report = import(&directory, Format::Csv, pieces(&bytes[..]), options()).await.unwrap();
    assert_eq!(report.created, 4);
}

#[test]
fn every_code_has_its_text_and_action_in_both_languages() {
    let texts = [include_str!("../../../messages/zh-CN/import.ftl"), include_str!("../../../messages/en/import.ftl")];
    for text in texts {
        let resource = FluentResource::try_new(text.to_owned()).map_err(|(_, faults)| faults).unwrap();
        assert_eq!(resource.entries().count(), CODES.len());
        for code in CODES {
            let at = text.find(&format!("\n{code} = ")).unwrap_or_else(|| panic!("{code} has no text"));
            let action = text[at + 1..].lines().nth(1).unwrap_or_default();
            assert!(action.starts_with("    .action = "), "{code} has no action");
        }
    }
    let sources = [
        include_str!("draft.rs"),
        include_str!("objects.rs"),
        include_str!("position.rs"),
        include_str!("reader.rs"),
        include_str!("sink.rs"),
        include_str!("table.rs"),
    ];
    let used: BTreeSet<_> =
        sources.iter().flat_map(|source| source.split('"')).filter(|part| part.starts_with("import-")).collect();
    assert_eq!(used, CODES.iter().copied().collect());
}

/// Lines as a look at the whole text gives them.
fn plainly(text: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8(text.to_vec()).unwrap().replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<_> = text.split('\n').map(|line| line.as_bytes().to_vec()).collect();
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_do_not_depend_on_the_pieces(text in "[ab\r\n]{0,40}", size in 1..9_usize) {
        let (mut lines, mut found) = (Lines::default(), Vec::<Line>::new());
        for piece in text.as_bytes().chunks(size) {
            let mut rest = piece;
            found.extend(std::iter::from_fn(|| lines.next(&mut rest)));
            prop_assert!(rest.is_empty());
        }
        found.extend(lines.last());
        prop_assert!(found.iter().enumerate().all(|(at, line)| line.number == at as u64 + 1));
        prop_assert_eq!(found.into_iter().map(|line| line.bytes).collect::<Vec<_>>(), plainly(text.as_bytes()));
    }

    #[test]
    fn fields_are_those_another_reader_finds(record in r#"([a"]{0,4}|"([a,\n]|""){0,4}")(,([a"]{0,4}|"([a,\n]|""){0,4}")){0,3}"#) {
        let (found, quotes) = fields(&record, b',');
        prop_assume!(quotes == Quotes::Paired && !record.is_empty());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record.as_bytes());
        let theirs: Vec<_> = reader.records().map(|record| record.unwrap()).collect();
        // A line break outside quotes ends a record, and the lines before it were read as one already.
        prop_assume!(theirs.len() == 1);
        prop_assert_eq!(found, theirs[0].iter().collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_give_a_report_or_a_clear_refusal(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n')], 0..400), csv: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (_, directory) = directory().await;
            let (head, format): (&[u8], _) = if csv { (b"id,area,sms\n", Format::Csv) } else { (b"", Format::Ndjson) };
            let file = [head, &bytes].concat();
            match run(&directory, format, &file, 17, options()).await {
                Ok(report) => { counts(&report); }
                Err(fault) => prop_assert!(matches!(fault, ImportFault::Unreadable(_)), "{fault:?}"),
            }
            Ok(())
        })?;
    }
}
