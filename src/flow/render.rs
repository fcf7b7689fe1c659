//! Stage 5: what each channel says. Texts per channel and language, frozen when a warning is released.

pub mod templates;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use fenghuo_contract::{Attachment, Channel, Content};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use self::templates::{Context, Rendered, Templates, Variant};
use super::{
    Parts, Unavailable, exact, notice, partners,
    parts::parse,
    record::{Decision, PlanRecord, Stage, WarningRecord, create},
    target::{bitmap, bitmap_bytes},
};
use crate::{
    config::Config,
    domain::{
        cap, chain,
        message::{Scope, Status},
        short_code::ShortCode,
        warning::Warning,
    },
    store::Space,
};

/// Stands for a code that is not known yet.
const UNKNOWN_CODE: &str = "____-____";

/// The contents of a plan: the first for everybody, each other one for the rows it names.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlanContents {
    pub(crate) first: Content,
    pub(crate) variants: Vec<VariantContent>,
}

/// A content for some of the audience.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VariantContent {
    pub(crate) content: Content,
    /// Roaring bitmap of directory rows, base64.
    rows: String,
}

impl VariantContent {
    pub(crate) fn new(content: Content, rows: &RoaringBitmap) -> Self {
        use base64::Engine;
        Self { content, rows: base64::engine::general_purpose::STANDARD.encode(bitmap_bytes(rows)) }
    }

    pub(crate) fn rows(&self) -> Result<RoaringBitmap, Unavailable> {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(&self.rows);
        bitmap(&bytes.map_err(|fault| Unavailable::new(format!("a stored content cannot be read: {fault}")))?)
    }
}

impl PlanContents {
    /// The contents in the order of variants.
    pub(crate) fn into_contents(self) -> Vec<Arc<Content>> {
        std::iter::once(self.first)
            .chain(self.variants.into_iter().map(|variant| variant.content))
            .map(Arc::new)
            .collect()
    }
}

/// Renders and freezes the contents of every plan of a targeted warning.
pub(crate) async fn step(
    parts: &Arc<Parts>,
    mut record: WarningRecord,
    version: u64,
    warning: &Warning,
) -> Result<(), Unavailable> {
    let released_ms = record.released_ms.unwrap_or(record.received_ms);
    let ordered = exact::ordered(parts, &record).await?;
    let mut puts = Vec::with_capacity(record.plans.len());
    for number in &record.plans {
        let missing = || Unavailable::new(format!("plan {number} is not complete"));
        let plan = parts.store.get(Space::Plan, (*number).into()).await?.ok_or_else(missing)?;
        let plan: PlanRecord = parse(&plan.value)?;
        let audience = parts.store.get(Space::PlanAudience, (*number).into()).await?.ok_or_else(missing)?;
        let audience = bitmap(&audience.value)?;
        let render = |language: &str| {
            let content = if record.notice.is_some() { notice::content } else { content };
            let content = content(parts, warning, plan.channel, language, released_ms, plan.deadline, &plan.event.0);
            let signed = ordered.as_ref().and_then(|(form, times)| form.sent(plan.channel, language, *times));
            match signed {
                Some(Rendered { title, text, short, html }) => {
                    values::with_short(Content { title, text, short, html, ..content })
                }
                None => content,
            }
        };
        let contents = if partners::is_of_partner(parts, &plan) {
            PlanContents { first: partners::content(parts, warning, &plan, released_ms), variants: Vec::new() }
        } else {
            contents(parts, &audience, &render)
        };
        puts.push(create(Space::PlanContent, *number, &contents));
    }
    record.stage = Stage::Rendered;
    let decision = Decision {
        at_ms: parts.clock.unix_ms(),
        what: "rendered".to_owned(),
        warning: Some(record.id.clone()),
        by: None,
        detail: None,
    };
    parts.advance(&record, version, puts, &decision).await?;
    Ok(())
}

/// One content per language that somebody in the audience reads; the first configured language for all others.
fn contents(parts: &Parts, audience: &RoaringBitmap, render: &dyn Fn(&str) -> Content) -> PlanContents {
    let mut languages = parts.config.texts.languages.iter();
    let first = languages.next().map_or("zh-CN", String::as_str);
    let readers = readers(parts, audience);
    let mut variants = Vec::new();
    for language in languages {
        if let Some(rows) = readers.get(&primary(language)) {
            variants.push(VariantContent::new(render(language), rows));
        }
    }
    PlanContents { first: render(first), variants }
}

/// Rows of an audience by primary language.
pub(crate) fn readers(parts: &Parts, audience: &RoaringBitmap) -> BTreeMap<String, RoaringBitmap> {
    let mut readers: BTreeMap<String, RoaringBitmap> = BTreeMap::new();
    for (language, rows) in parts.directory.by_language(audience) {
        *readers.entry(primary(&language)).or_default() |= rows;
    }
    readers
}

pub(crate) fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

/// What one channel says in one language.
pub(crate) fn content(
    parts: &Parts,
    warning: &Warning,
    channel: Channel,
    language: &str,
    released_ms: i64,
    deadline: i64,
    thread: &str,
) -> Content {
    let lifted = lifted(parts, warning);
    let released_at = released_ms.div_euclid(1000);
    let context = Context::lifting(&parts.config, warning, lifted.as_ref(), language, released_at, deadline);
    let context = context.changing(parts.change_of(warning.message()));
    let context = context.found_by(code(parts, lifted.as_ref().unwrap_or(warning), channel));
    let rendered = rendered(parts, warning, channel, &context);
    let attachments = if channel == Channel::Email { vec![cap_document(parts, warning)] } else { Vec::new() };
    values::with_short(Content {
        language: language.to_owned(),
        title: rendered.title,
        text: rendered.text,
        short: rendered.short,
        values: values::of(channel, &context),
        html: rendered.html,
        attachments,
        urgency: warning.level().urgency(),
        page: page(parts, warning),
        thread: thread.to_owned(),
        released_at,
        expires_at: deadline,
    })
}

/// What a channel says about a sample, a warning with everything; `None` when it has no templates.
pub(crate) fn sample(
    templates: &Templates,
    config: &Config,
    channel: Channel,
    language: &str,
    drill: bool,
) -> Option<Content> {
    let context = templates::sample(&config.texts.signature, language, drill);
    let rendered = templates.render(channel, language, Variant::First, &context).ok()?;
    Some(values::with_short(Content {
        language: language.to_owned(),
        title: rendered.title,
        text: rendered.text,
        short: rendered.short,
        values: values::of(channel, &context),
        html: rendered.html,
        ..Content::default()
    }))
}

/// What a message that would end a warning says on one channel in one language, its times blank.
pub(crate) fn blank(parts: &Parts, ending: &Warning, of: &Warning, channel: Channel, language: &str) -> Rendered {
    let context = Context::lifting(&parts.config, ending, Some(of), language, 0, 0).blank();
    let context = context.found_by(code(parts, of, channel));
    rendered(parts, ending, channel, &context)
}

fn rendered(parts: &Parts, warning: &Warning, channel: Channel, context: &Context) -> Rendered {
    let language = &context.language;
    parts.templates.render(channel, language, Variant::of(warning), context).unwrap_or_else(|fault| {
        tracing::error!(%channel, language, %fault, "template fails with this warning: its signed words go out plain");
        Templates::plain(channel, context)
    })
}

/// The code by which readers find a warning on the site; empty where the channel carries none, or the site does not show it.
/// What ends a warning carries the code of that warning: it is signed before there is a message to make one of, and its
/// readers have seen it already.
fn code(parts: &Parts, shown: &Warning, channel: Channel) -> String {
    if !parts.config.texts.short_code.contains(&channel) || !is_shown(shown) {
        return String::new();
    }
    let record = parts.record_of(shown.message());
    // What is only tried is not known by any code yet: as long, so that the lengths are right.
    let code = record.and_then(|record| ShortCode::of_digest(&record.digest));
    code.map_or_else(|| UNKNOWN_CODE.to_owned(), |code| code.to_string())
}

/// Where the site shows a warning; empty when it does not, or nobody can reach the site.
fn page(parts: &Parts, warning: &Warning) -> String {
    let site = parts.config.server.public_url.as_ref().filter(|_| is_shown(warning));
    let record = site.and_then(|_| parts.record_of(warning.message()));
    let page = site.zip(record).map(|(site, record)| format!("{}/warnings/{}", site.trim_end_matches('/'), record.id));
    page.unwrap_or_default()
}

/// Whether it is something for the site: what is real and for everybody.
fn is_shown(warning: &Warning) -> bool {
    let message = warning.message();
    message.status == Status::Actual && message.scope == Scope::Public
}

/// The newest warning that a lift ends: a Cancel may have no text, area, hazard or level of its own.
fn lifted(parts: &Parts, warning: &Warning) -> Option<Warning> {
    if !warning.is_lift() {
        return None;
    }
    let event = parts.event_of(warning.message())?;
    let newest = parts
        .event_members(&event)
        .into_iter()
        .rev()
        .find(|member| !member.message.infos.is_empty() && !chain::is_lift(&member.message))?;
    Warning::new(newest.message.clone()).ok()
}

fn cap_document(parts: &Parts, warning: &Warning) -> Attachment {
    let given = parts.record_of(warning.message()).map(|record| parts.given_out(&record));
    Attachment {
        name: "warning.cap.xml".to_owned(),
        media_type: "application/cap+xml; charset=utf-8".to_owned(),
        body: cap::write_public(given.as_ref().unwrap_or(warning.message())).into(),
    }
}
