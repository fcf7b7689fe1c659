//! What the form has and CAP lacks, kept as parameters of the info, `CN-12379.` and the name of the element. Parts of
//! one thing follow the parameter that opens it: the text of a method its `CN-12379.method`.

use std::borrow::Cow;

use crate::domain::{
    lift::{CORRECTION_TEXT, LIFT_TEXT},
    message::{Message, NamedValue},
};

/// What all of their names begin with.
pub const PREFIX: &str = "CN-12379.";

/// The code of the unit, 14 digits, for a message whose sender is no such code.
pub const SENDER_CODE: &str = "CN-12379.senderCode";

/// A channel of the plan, such as SMS; parts: `message`, `audienceGrp`, `audiencePrt`.
pub const METHOD: &str = "CN-12379.method";

/// Empty: the form came without a namespace.
pub(super) const NAMESPACE: &str = "CN-12379.xmlns";
/// The person who signed.
pub(super) const SIGNER: &str = "CN-12379.senderName";
pub(super) const PHONE: &str = "CN-12379.phone";
pub(super) const CLASSIFICATION: &str = "CN-12379.secClassification";
/// A certainty that CAP has no word for.
pub(super) const CERTAINTY: &str = "CN-12379.certainty";
/// A file that comes beside the form; parts: `size`, `digest`, and [`SHA256`] where the file came.
pub(super) const RESOURCE: &str = "CN-12379.resource";
/// SHA-256 of the file itself, hex: the form's own digest is a SHA-1, too weak for what a signature is about.
pub(super) const SHA256: &str = "CN-12379.resource.sha256";

/// The parts of a method, in the order of the form.
pub(super) const OF_METHOD: [&str; 4] = ["message", "audienceGrp", "audiencePrt", "audenceprt"];
/// The parts of a resource, in the order of the form.
pub(super) const OF_RESOURCE: [&str; 2] = ["size", "digest"];

/// The name of the lines of an area, counted from 1.
pub(super) fn line(area: usize) -> String {
    format!("CN-12379.area.{area}.polygon")
}

/// The value of the first parameter of a name.
pub(super) fn first<'m>(parameters: &'m [NamedValue], name: &str) -> Option<&'m str> {
    parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value.as_str())
}

/// A thing of several parts.
pub(super) struct Group<'m> {
    pub(super) value: &'m str,
    parts: Vec<(&'m str, &'m str)>,
}

impl<'m> Group<'m> {
    /// The value of a part.
    pub(super) fn part(&self, name: &str) -> Option<&'m str> {
        self.parts.iter().find(|(part, _)| *part == name).map(|(_, value)| *value)
    }
}

/// Everything that a parameter called `head` opens.
pub(super) fn groups<'m>(parameters: &'m [NamedValue], head: &str) -> Vec<Group<'m>> {
    let mut groups: Vec<Group<'m>> = Vec::new();
    for parameter in parameters {
        let Some(rest) = parameter.name.strip_prefix(head) else { continue };
        if rest.is_empty() {
            groups.push(Group { value: &parameter.value, parts: Vec::new() });
        } else if let (Some(part), Some(group)) = (rest.strip_prefix('.'), groups.last_mut()) {
            group.parts.push((part, &parameter.value));
        }
    }
    groups
}

/// The text that a means of release is to carry in place of the description, where the plan gives it one.
pub(in crate::domain) fn text_of_method<'m>(parameters: &'m [NamedValue], method: &str) -> Option<&'m str> {
    let methods = groups(parameters, METHOD).into_iter();
    let texts =
        methods.filter(|group| group.value.trim().eq_ignore_ascii_case(method)).map(|group| group.part("message"));
    texts.flatten().map(str::trim).find(|text| !text.is_empty())
}

/// The parameters of a message that take up where `parameters` of an earlier one ended: who is told by which means, but
/// no text, file or signature of the earlier one.
#[must_use]
pub fn following(parameters: &[NamedValue]) -> Vec<NamedValue> {
    let text = format!("{METHOD}.message");
    let ends = |name: &str| {
        name == text || name == SIGNER || name == CERTAINTY || name.strip_prefix(RESOURCE).is_some_and(opens)
    };
    parameters.iter().filter(|parameter| !ends(&parameter.name)).cloned().collect()
}

/// Whether what follows the head of a group names the group or a part of it.
fn opens(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

/// A message as everybody may have it: the parameters of the form name people and their numbers, and what is prepared
/// to be said one day is not said yet.
#[must_use]
pub fn outward(message: &Message) -> Cow<'_, Message> {
    let prepared = |name: &str| name == LIFT_TEXT || name == CORRECTION_TEXT;
    let inward = |parameter: &NamedValue| parameter.name.starts_with(PREFIX) || prepared(&parameter.name);
    if !message.infos.iter().any(|info| info.parameters.iter().any(inward)) {
        return Cow::Borrowed(message);
    }
    let mut outward = message.clone();
    outward.infos.iter_mut().for_each(|info| info.parameters.retain(|parameter| !inward(parameter)));
    Cow::Owned(outward)
}
