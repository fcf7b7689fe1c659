//! What the providers' codes mean: `config/codes/{wechat,wecom,dingtalk,feishu}.toml`, or a site's own table over them.

use std::{path::Path, sync::Arc};

use fenghuo_contract::CodeTable;

pub(crate) const WECHAT: &str = include_str!("../../../config/codes/wechat.toml");
pub(crate) const WECOM: &str = include_str!("../../../config/codes/wecom.toml");
pub(crate) const DINGTALK: &str = include_str!("../../../config/codes/dingtalk.toml");
pub(crate) const FEISHU: &str = include_str!("../../../config/codes/feishu.toml");

/// A built-in table.
pub(crate) fn built_in(text: &str) -> CodeTable {
    CodeTable::parse(text).expect("the built-in tables are parsed by a test")
}

/// The table of a route: what stands in the file counts before the built-in one.
///
/// # Errors
/// Why the file cannot be used.
pub(crate) fn table(text: &str, file: Option<&Path>) -> Result<Arc<CodeTable>, String> {
    let Some(path) = file else { return Ok(Arc::new(built_in(text))) };
    let own = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let own = own.and_then(|text| CodeTable::parse(&text).map_err(|fault| fault.to_string()));
    let own = own.map_err(|fault| format!("{}: {}", path.display(), without_lines(&fault)))?;
    Ok(Arc::new(own.over(&built_in(text))))
}

/// A fault without the lines it quotes: the file may have been another one.
fn without_lines(fault: &str) -> String {
    fault.lines().filter(|line| !line.contains('|')).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use fenghuo_contract::Class;

    use super::*;

    #[test]
    fn every_table_knows_success_and_its_key() {
        for (text, key, too_fast) in [
            (WECHAT, "40125", "45009"),
            (WECOM, "93000", "45009"),
            (DINGTALK, "310000", "130101"),
            (FEISHU, "19021", "11232"),
        ] {
            let table = built_in(text);
            let classes = ["0", key, too_fast, "never heard of"].map(|code| table.class(code));
            assert_eq!(classes, [Class::Accepted, Class::Misconfigured, Class::Throttled, Class::Transient]);
        }
        for code in ["40001", "40014", "42001"] {
            assert!(
                built_in(WECHAT).find(code).unwrap().refresh
                    && (code == "40001" || built_in(WECOM).find(code).unwrap().refresh)
            );
        }
    }
}
