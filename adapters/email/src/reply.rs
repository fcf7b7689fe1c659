use fenghuo_contract::{Cause, Class, CodeTable, Fault, Verdict};

use crate::codes::{Stage, class};

/// A whole reply of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    /// The texts of its lines, without codes.
    pub(crate) lines: Vec<String>,
}

impl Reply {
    pub(crate) fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The server says that it closes the connection.
    pub(crate) fn is_farewell(&self) -> bool {
        self.code == 421
    }

    /// The enhanced status code, when there is one of the same class (RFC 2034 §4).
    pub(crate) fn enhanced(&self) -> Option<&str> {
        let word = self.lines.first()?.split_ascii_whitespace().next()?;
        let mut numbers = word.split('.');
        let class = numbers.next()?;
        let number = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let whole =
            numbers.next().is_some_and(number) && numbers.next().is_some_and(number) && numbers.next().is_none();
        (whole && class == (self.code / 100).to_string()).then_some(word)
    }

    /// The server's name for the message it took, from the wordings in use.
    pub(crate) fn queue_id(&self) -> Option<&str> {
        let text = self.lines.last()?;
        let rest = ["queued as ", "id=", "queued mail for delivery, id "]
            .iter()
            .find_map(|mark| text.find(mark).map(|at| &text[at + mark.len()..]))?;
        let id =
            rest.split(|sign: char| sign.is_whitespace() || "<>;,()".contains(sign)).find(|word| !word.is_empty())?;
        id.is_ascii().then_some(id)
    }

    /// The reply in the words of a [`Cause`], without addresses.
    fn cause(&self, local_part: Option<&str>) -> Cause {
        let enhanced = self.enhanced();
        let code = enhanced.map_or_else(|| self.code.to_string(), |enhanced| format!("{} {enhanced}", self.code));
        let mut words = Vec::new();
        for line in &self.lines {
            let line = enhanced.and_then(|code| line.strip_prefix(code)).unwrap_or(line);
            words.extend(line.split_whitespace().map(|word| discreet(word, local_part)));
        }
        Cause::new(&code, &words.join(" "))
    }

    /// What a refusal says about deliveries.
    pub(crate) fn verdict(&self, codes: &CodeTable, stage: Stage, local_part: Option<&str>) -> Verdict {
        class(codes, stage, self.code, self.enhanced()).verdict(self.cause(local_part), None)
    }

    /// What a refusal says about the connection.
    pub(crate) fn fault(&self, codes: &CodeTable, stage: Stage) -> Fault {
        let cause = self.cause(None);
        match class(codes, stage, self.code, self.enhanced()) {
            // Nobody was named yet: who refuses here refuses us.
            Class::Recipient | Class::Content => Fault::Misconfigured(cause),
            class => class.fault(cause.clone(), None).unwrap_or(Fault::Transient(cause)),
        }
    }
}

/// Servers quote addresses, whole or without their domain.
pub(crate) fn discreet<'a>(word: &'a str, local_part: Option<&str>) -> &'a str {
    let bare = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    let named = local_part.is_some_and(|local| {
        bare.eq_ignore_ascii_case(local.trim_matches(|sign: char| !sign.is_alphanumeric())) && !bare.is_empty()
    });
    if word.contains('@') || named { "<…>" } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, lines: &[&str]) -> Reply {
        Reply { code, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }

    #[test]
    fn enhanced_codes_are_read_when_they_fit_the_basic_code() {
        for (code, line, expected) in [
            (550, "5.1.1 no such user", Some("5.1.1")),
            (451, "4.7.28", Some("4.7.28")),
            (550, "4.1.1 wrong class", None),
            (550, "5.1 half", None),
            (550, "5.1.1.1 too many", None),
            (550, "5.1.1111 too long", None),
            (550, "5.a.1 x", None),
            (550, "no such user", None),
            (550, "", None),
        ] {
            assert_eq!(reply(code, &[line]).enhanced(), expected, "{code} {line}");
        }
    }

    #[test]
    fn causes_keep_the_words_and_lose_the_addresses() {
        let reply =
            reply(550, &["5.1.1 <Zhang.San@example.org>: user zhang.san", "5.1.1 \"Zhang.San\" not known here"]);
        let Verdict::RefusedRecipient(cause) = reply.verdict(&crate::codes::BUILT_IN, Stage::Rcpt, Some("zhang.san"))
        else {
            panic!()
        };
        assert_eq!((&*cause.code, &*cause.text), ("550 5.1.1", "<…> user <…> <…> not known here"));
    }

    #[test]
    fn queue_ids_are_found_in_the_usual_wordings() {
        for (line, expected) in [
            ("2.0.0 Ok: queued as 4F3B21C0D", Some("4F3B21C0D")),
            ("OK id=1rX2Yz-0005aB-3c", Some("1rX2Yz-0005aB-3c")),
            ("2.6.0 <x@y> [InternalId=5, Hostname=h] Queued mail for delivery", None),
            ("OK", None),
            ("queued as ", None),
        ] {
            assert_eq!(reply(250, &[line]).queue_id(), expected, "{line}");
        }
    }
}
