//! Whether channels can carry a text, asked before anybody signs it: the adapter of every route says what it would make of
//! it, over no network.
//!
//! What no route of a channel can carry, whole or in its short form, keeps a warning out: nothing is ever cut, so whoever
//! wrote it writes it shorter. What would end it is signed with it and is asked about with it. A lift is never kept out by this, nor is what is passed on for others, who cannot be asked
//! to write it anew: they go where they can, and what they cannot reach fails with its reason.

use fenghuo_contract::{Channel, Content, Fit};
use roaring::RoaringBitmap;
use serde::Serialize;

use super::{
    Parts, Unavailable,
    deliver::Route,
    exact::{self, Forms},
    projection::{Carried, Plan},
    render,
    target::{self, Named},
};
use crate::domain::{
    finding::{Finding, Weight, code},
    level::Level,
    lift::Ending,
    text::DRILL_MARK,
    warning::Warning,
};

/// What one route makes of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RouteText {
    /// Name of the route.
    pub route: String,
    /// Messages the provider counts for each recipient; `null` when the route cannot carry it.
    pub segments: Option<u32>,
    /// What readers see where that is not the text itself: its short form, or what the provider makes of the template it
    /// approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub text: Option<String>,
    /// Why the route cannot carry it: code and words of its adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub refusal: Option<String>,
}

/// What the routes of a channel make of one text, in the order of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CarriedText {
    pub channel: String,
    pub language: String,
    pub routes: Vec<RouteText>,
}

impl RouteText {
    fn new(route: &Route, content: &Content) -> Self {
        let name = route.name.clone();
        match route.adapter.fit(content) {
            Ok(fit) if !keeps_mark(content, &fit) => {
                let cause = format!("DRILL-MARK what readers would see does not say {DRILL_MARK}: {}", fit.text);
                Self { route: name, segments: None, text: None, refusal: Some(cause) }
            }
            Ok(fit) => {
                let segments = Some(u32::try_from(fit.segments.max(1)).unwrap_or(u32::MAX));
                let text = (fit.text != content.text).then_some(fit.text);
                Self { route: name, segments, text, refusal: None }
            }
            Err(cause) => Self { route: name, segments: None, text: None, refusal: Some(cause.to_string()) },
        }
    }
}

/// What these routes make of a content.
pub(crate) fn on_routes(parts: &Parts, routes: &[String], content: &Content) -> Vec<RouteText> {
    let routes = routes.iter().filter_map(|name| parts.routes.get(name));
    routes.map(|route| RouteText::new(route, content)).collect()
}

/// Segments of a text on the first route that carries it; 1 when none does.
pub(crate) fn segments(routes: &[RouteText]) -> u32 {
    routes.iter().find_map(|route| route.segments).unwrap_or(1)
}

/// What a route makes of a plan. Found out when first asked for, once for each route.
pub(crate) fn of_plan(route: &Route, plan: &Plan) -> Carried {
    plan.carried_on(&route.name, |contents| {
        let fits = || contents.iter().filter_map(|content| Some((content, route.adapter.fit(content).ok()?)));
        let most = fits().map(|(_, fit)| fit.segments).max().unwrap_or(1).max(1);
        let marked = fits().all(|(content, fit)| keeps_mark(content, &fit));
        Carried { segments: u32::try_from(most).unwrap_or(u32::MAX), marked }
    })
}

/// Whether what says that it is a drill still says so in what readers see: a provider may carry a template in its place.
fn keeps_mark(content: &Content, fit: &Fit) -> bool {
    !content.text.contains(DRILL_MARK) || fit.text.contains(DRILL_MARK)
}

/// What the routes of every channel make of what would go out.
pub(crate) fn carried(parts: &Parts, warning: &Warning, contents: &[(Channel, Content)]) -> Vec<CarriedText> {
    let one = |(channel, content): &(Channel, Content)| CarriedText {
        channel: channel.name().to_owned(),
        language: content.language.clone(),
        routes: on_routes(parts, &target::routes(parts, *channel, warning.status()), content),
    };
    contents.iter().map(one).collect()
}

/// What of a warning, and of what would end it, cannot be carried if it were released now; asked for once everything else
/// about it is good.
pub(super) async fn check(parts: &Parts, warning: &Warning, issuer: Option<&str>) -> Result<Vec<Finding>, Unavailable> {
    let mut found = Vec::new();
    let now_ms = parts.clock.unix_ms();
    let forms = Forms::of(parts, warning, issuer);
    for channel in Channel::ALL {
        let routes = target::routes(parts, channel, warning.status());
        if routes.is_empty() {
            continue;
        }
        let texts = on_routes_all(parts, &routes, &exact::of_channel(parts, warning, channel, "", now_ms));
        let endings = endings(parts, warning, forms.as_ref(), channel, &routes);
        let all = texts.iter().chain(endings.iter().flat_map(|(_, texts)| texts));
        if all.flatten().all(|text| text.refusal.is_none()) {
            continue;
        }
        // Only now is it worth knowing whether anybody is there to read it.
        let named = Named::of(parts, warning, issuer).await?;
        let audience = target::proposed(parts, warning, &named, channel).await?;
        let about = About { parts, warning, issuer, channel, audience: &audience };
        found.extend(about.findings(&texts, &endings));
    }
    Ok(found)
}

fn on_routes_all(parts: &Parts, routes: &[String], contents: &[Content]) -> Vec<Vec<RouteText>> {
    contents.iter().map(|content| on_routes(parts, routes, content)).collect()
}

/// What routes make of what would end a warning, by ending and configured language.
pub(crate) fn endings(
    parts: &Parts,
    warning: &Warning,
    forms: Option<&Forms>,
    channel: Channel,
    routes: &[String],
) -> Vec<(Ending, Vec<Vec<RouteText>>)> {
    let contents = forms.map(|forms| forms.contents(parts, warning, channel)).unwrap_or_default();
    contents.into_iter().map(|(ending, contents)| (ending, on_routes_all(parts, routes, &contents))).collect()
}

/// One channel of a warning and whoever would read it there.
pub(crate) struct About<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) warning: &'a Warning,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) channel: Channel,
    pub(crate) audience: &'a RoaringBitmap,
}

/// Routes that cannot carry a text, each with the cause.
struct Refusing {
    /// No route can.
    all: bool,
    routes: Vec<(String, String)>,
}

impl Refusing {
    fn causes(&self) -> String {
        self.routes.iter().map(|(route, cause)| format!("{route}: {cause}")).collect::<Vec<_>>().join("; ")
    }
}

impl About<'_> {
    /// What the routes cannot carry of the texts that somebody would read, by configured language, and of what would end it.
    /// Where the warning itself cannot go, its end is not worth a word.
    pub(crate) fn findings(&self, texts: &[Vec<RouteText>], endings: &[(Ending, Vec<Vec<RouteText>>)]) -> Vec<Finding> {
        let mut found = self.own_findings(texts);
        if found.iter().all(|finding| finding.code != code::CHANNEL_CANNOT_CARRY) {
            found.extend(self.ending_findings(endings));
        }
        found
    }

    fn own_findings(&self, texts: &[Vec<RouteText>]) -> Vec<Finding> {
        let Some(refusing) = self.refusing(texts) else { return Vec::new() };
        let channel = self.channel.name();
        if refusing.all {
            let weight = if self.keeps_out() { Weight::Refuse } else { Weight::Advise };
            let finding = Finding { weight, ..Finding::refuse(code::CHANNEL_CANNOT_CARRY, "") };
            return vec![finding.arg("channel", channel).arg("causes", refusing.causes())];
        }
        let advise = |(route, cause)| {
            let finding = Finding::advise(code::ROUTE_CANNOT_CARRY, "");
            finding.arg("channel", channel).arg("route", route).arg("cause", cause)
        };
        refusing.routes.into_iter().map(advise).collect()
    }

    /// A red warning is never kept out for how it will end.
    fn ending_findings(&self, endings: &[(Ending, Vec<Vec<RouteText>>)]) -> Vec<Finding> {
        let finding = |(ending, texts): &(Ending, Vec<Vec<RouteText>>)| {
            let refusing = self.refusing(texts)?;
            let (code, keeps_out) = match refusing.all {
                true => (code::ENDING_CANNOT_BE_CARRIED, self.keeps_out() && self.warning.level() != Level::Red),
                false => (code::ENDING_ROUTE_CANNOT_CARRY, false),
            };
            let weight = if keeps_out { Weight::Refuse } else { Weight::Advise };
            let finding = Finding { weight, ..Finding::refuse(code, "") };
            let ending = if *ending == Ending::Lift { "lift" } else { "correction" };
            Some(finding.arg("ending", ending).arg("channel", self.channel.name()).arg("causes", refusing.causes()))
        };
        endings.iter().filter_map(finding).collect()
    }

    /// Routes that cannot carry what somebody would read; `None` when all can.
    fn refusing(&self, texts: &[Vec<RouteText>]) -> Option<Refusing> {
        if self.audience.is_empty() {
            return None;
        }
        let read = read_languages(self.parts, self.audience, texts.len());
        let read: Vec<&Vec<RouteText>> = read.into_iter().filter_map(|at| texts.get(at)).collect();
        let first = read.first()?;
        // A plan goes out over a route as a whole or not at all.
        let refusal = |at: usize| read.iter().find_map(|text| text.get(at)?.refusal.clone());
        let routes = first.iter().enumerate();
        let routes: Vec<_> = routes.filter_map(|(at, text)| Some((text.route.clone(), refusal(at)?))).collect();
        (!routes.is_empty()).then_some(Refusing { all: routes.len() == first.len(), routes })
    }

    fn keeps_out(&self) -> bool {
        !self.warning.is_lift() && !exact::relays(&self.parts.config, self.issuer, self.warning.message())
    }
}

/// Which of the configured languages somebody in an audience reads; whoever reads none of them gets the first.
fn read_languages(parts: &Parts, audience: &RoaringBitmap, languages: usize) -> Vec<usize> {
    let readers = render::readers(parts, audience);
    let mut left = audience.clone();
    let mut read = Vec::new();
    for (at, language) in parts.config.texts.languages.iter().enumerate().take(languages).skip(1) {
        if let Some(rows) = readers.get(&render::primary(language)) {
            left -= rows;
            read.push(at);
        }
    }
    if !left.is_empty() {
        read.insert(0, 0);
    }
    read
}
