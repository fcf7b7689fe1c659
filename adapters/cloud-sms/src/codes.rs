//! What the providers' codes mean: `config/codes/{aliyun,tencent,huawei,twilio}.toml`, or a site's own table over them.

use std::{path::Path, sync::Arc};

use fenghuo_contract::CodeTable;

use crate::settings::Provider;

const ALIYUN: &str = include_str!("../../../config/codes/aliyun.toml");
const TENCENT: &str = include_str!("../../../config/codes/tencent.toml");
const HUAWEI: &str = include_str!("../../../config/codes/huawei.toml");
const TWILIO: &str = include_str!("../../../config/codes/twilio.toml");

/// The built-in table of a provider.
pub(crate) fn built_in(provider: Provider) -> CodeTable {
    let text = match provider {
        Provider::Aliyun => ALIYUN,
        Provider::Tencent => TENCENT,
        Provider::Huawei => HUAWEI,
        Provider::Twilio => TWILIO,
    };
    CodeTable::parse(text).expect("the built-in tables are parsed by a test")
}

/// The table of a route: what stands in the file counts before the built-in one.
///
/// # Errors
/// Why the file cannot be used.
pub(crate) fn table(provider: Provider, file: Option<&Path>) -> Result<Arc<CodeTable>, String> {
    let Some(path) = file else { return Ok(Arc::new(built_in(provider))) };
    let own = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let own = own.and_then(|text| CodeTable::parse(&text).map_err(|fault| fault.to_string()));
    let own = own.map_err(|fault| format!("{}: {}", path.display(), without_lines(&fault)))?;
    Ok(Arc::new(own.over(&built_in(provider))))
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
    fn every_table_knows_success_and_its_clock() {
        for (provider, taken, clock) in [
            (Provider::Aliyun, "OK", "InvalidTimeStamp.Expired"),
            (Provider::Tencent, "Ok", "AuthFailure.SignatureExpire"),
            (Provider::Huawei, "000000", "E000110"),
        ] {
            let table = built_in(provider);
            assert_eq!(
                (table.class(taken), table.class(clock)),
                (Class::Accepted, Class::Misconfigured),
                "{provider:?}"
            );
        }
        assert_eq!(built_in(Provider::Twilio).class("20003"), Class::Misconfigured);
        for provider in [Provider::Aliyun, Provider::Tencent, Provider::Huawei, Provider::Twilio] {
            assert_eq!(built_in(provider).class("never heard of"), Class::Transient);
        }
    }
}
