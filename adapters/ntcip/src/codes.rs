//! What the errors of signs mean, by `config/codes/ntcip.toml` or a site's own table over it.

use std::sync::{Arc, LazyLock};

use fenghuo_contract::CodeTable;

/// The table every route has.
pub(crate) static BUILT_IN: LazyLock<Arc<CodeTable>> = LazyLock::new(|| {
    let text = include_str!("../../../config/codes/ntcip.toml");
    Arc::new(CodeTable::parse(text).expect("the built-in table is parsed by a test"))
});

#[cfg(test)]
mod tests {
    use fenghuo_contract::Class;

    use super::BUILT_IN;

    #[test]
    fn codes_say_who_has_to_act() {
        for (code, class) in [
            ("activate 3", Class::ThrottledRecipient),
            ("activate 5", Class::Misconfigured),
            ("activate 7", Class::Transient),
            ("activate 9", Class::ThrottledRecipient),
            ("activate 99", Class::Transient),
            ("syntax 5", Class::Content),
            ("syntax 7", Class::Content),
            ("syntax 6", Class::Misconfigured),
            ("validate 3", Class::Misconfigured),
            ("snmp 2", Class::Misconfigured),
            ("snmp 5", Class::Transient),
        ] {
            assert_eq!(BUILT_IN.class(code), class, "{code}");
        }
    }
}
