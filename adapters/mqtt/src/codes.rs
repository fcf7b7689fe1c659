//! What reason codes mean, by `config/codes/mqtt.toml` or a site's own table over it.

use std::sync::{Arc, LazyLock};

use fenghuo_contract::CodeTable;

/// The table every route has.
pub(crate) static BUILT_IN: LazyLock<Arc<CodeTable>> = LazyLock::new(|| {
    let text = include_str!("../../../config/codes/mqtt.toml");
    Arc::new(CodeTable::parse(text).expect("the built-in table is parsed by a test"))
});

#[cfg(test)]
mod tests {
    use fenghuo_contract::Class;

    use super::BUILT_IN;

    #[test]
    fn codes_say_who_has_to_act() {
        for (code, class) in [
            ("connect 0x04", Class::Misconfigured),
            ("connect 0x05", Class::Misconfigured),
            ("connect 0x87", Class::Misconfigured),
            ("connect 0x88", Class::Transient),
            ("connect 0x9F", Class::Throttled),
            ("disconnect 0x8B", Class::Transient),
            ("disconnect 0x8E", Class::Misconfigured),
            ("publish 0x87", Class::Misconfigured),
            ("publish 0x95", Class::Content),
            ("publish 0x97", Class::Throttled),
            ("publish 0xFF", Class::Transient),
            ("tls", Class::Misconfigured),
        ] {
            assert_eq!(BUILT_IN.class(code), class, "{code}");
        }
    }
}
