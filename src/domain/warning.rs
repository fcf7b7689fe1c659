//! A warning: a message that keeps every rule, with what the flow asks of it.

use super::{
    chain,
    finding::{Finding, Weight},
    level::Level,
    message::{Info, Kind, Message, Scope, Status},
    moment::Moment,
    national::parameter,
    rules,
};

/// A message that keeps every rule of [`rules`]; there is no other way to make one.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    message: Message,
}

impl Warning {
    /// Checks a message.
    ///
    /// # Errors
    /// Every rule it breaks, with paths into the JSON form.
    pub fn new(message: Message) -> Result<Self, Vec<Finding>> {
        let findings = rules::check(&message);
        if findings.iter().any(|finding| finding.weight == Weight::Refuse) {
            Err(findings)
        } else {
            Ok(Self { message })
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The highest level of its infos.
    #[must_use]
    pub fn level(&self) -> Level {
        self.message.infos.iter().map(|info| Level::from(info.severity)).max().unwrap_or_default()
    }

    /// How it is meant.
    #[must_use]
    pub fn status(&self) -> Status {
        self.message.status
    }

    /// What it does to its event.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.message.kind
    }

    /// Who may be shown it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.message.scope
    }

    /// The last moment any of its infos is valid; `None` when one of them has no end.
    #[must_use]
    pub fn expires(&self) -> Option<Moment> {
        let ends: Option<Vec<Moment>> = self.message.infos.iter().map(|info| info.expires).collect();
        ends?.into_iter().max_by_key(|moment| moment.unix())
    }

    /// The national five-character code of its hazard, when one of its infos carries one; see [`super::hazard`].
    #[must_use]
    pub fn hazard(&self) -> Option<&str> {
        self.message.infos.iter().find_map(super::hazard::national_code)
    }

    /// Whether it ends its event, see [`chain`].
    #[must_use]
    pub fn is_lift(&self) -> bool {
        chain::is_lift(&self.message)
    }

    /// Whether it ends its event and says that it was a mistake, see [`chain`].
    #[must_use]
    pub fn is_correction(&self) -> bool {
        chain::is_correction(&self.message)
    }

    /// The info for a reader of `language` (a BCP 47 tag): exact, then same primary language, then the first.
    #[must_use]
    pub fn info_for(&self, language: &str) -> Option<&Info> {
        self.info_index(language).map(|index| &self.message.infos[index])
    }

    /// The short form its issuer gave it for messages on the telephone, for a reader of `language`: the text that the
    /// channel plan of the national form has for SMS. Nothing else is a short form: nobody but the issuer may make one.
    #[must_use]
    pub fn short_text(&self, language: &str) -> Option<&str> {
        parameter::text_of_method(&self.info_for(language)?.parameters, "SMS")
    }

    /// Where the info of [`Warning::info_for`] stands.
    #[must_use]
    pub fn info_index(&self, language: &str) -> Option<usize> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let tag = |info: &Info| info.language.clone().unwrap_or_else(|| "en-US".to_owned());
        let infos = &self.message.infos;
        infos
            .iter()
            .position(|info| tag(info).eq_ignore_ascii_case(language))
            .or_else(|| infos.iter().position(|info| primary(&tag(info)) == primary(language)))
            .or_else(|| (!infos.is_empty()).then_some(0))
    }

    /// CAP identity: sender, identifier and sent, in one text.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("{},{},{}", self.message.sender, self.message.identifier, self.message.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::Warning;

    fn with(parameters: &str) -> Warning {
        let text = format!(
            r#"{{"identifier":"W","sender":"s","sent":"2026-07-15T14:40:00+08:00","status":"test","kind":"alert",
            "scope":"public","infos":[{{"language":"zh-CN","categories":["met"],"event":"暴雨","urgency":"immediate",
            "severity":"extreme","certainty":"observed","description":"雨","parameters":[{parameters}],
            "areas":[{{"description":"松北区"}}]}}]}}"#
        );
        Warning::new(serde_json::from_str(&text).expect("a message")).expect("keeps the rules")
    }

    #[test]
    fn the_short_form_is_what_the_plan_gives_sms_and_nothing_else() {
        let named = |name: &str, value: &str| format!(r#"{{"name":"CN-12379.{name}","value":"{value}"}}"#);
        let plan = [
            named("method", "LED"),
            named("method.message", "屏幕的话"),
            named("method", "sms"),
            named("method.audienceGrp", "全体"),
            named("method.message", " 红色预警，速避 "),
        ];
        assert_eq!(with(&plan.join(",")).short_text("zh-CN"), Some("红色预警，速避"));
        assert_eq!(with(&plan.join(",")).short_text("en"), Some("红色预警，速避"), "the only one there is");
        assert_eq!(with(&plan[..2].join(",")).short_text("zh-CN"), None);
        assert_eq!(with(&plan[2..4].join(",")).short_text("zh-CN"), None, "empty means the description");
        assert_eq!(with("").short_text("zh-CN"), None);
    }
}
