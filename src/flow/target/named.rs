//! Whom a warning names: by place, by scope, and by what recipients chose.
//!
//! **Place.** The target of a warning is the union of its areas, and within an area of its geocodes, polygons and
//! circles (CAP 1.2, 3.2.4: several descriptors are cumulative). Geocodes select by the recipients' area codes,
//! polygons and circles by their position; a recipient without a position is selected by area code alone, since nothing
//! here knows the shapes of areas. An issuer held to some areas reaches by polygon or circle only recipients of those.
//!
//! **Scope** is a gate (CAP 1.2, 3.2.1): a restricted warning reaches members of the groups its restriction names, a
//! private one the groups and recipients its addresses name; neither ever stands on a public screen or goes out by
//! broadcast. Besides groups such a list may hold `duty:yes` (only those with a duty) and `language:TAG` (only readers
//! of the language): several groups or several languages widen, the three kinds narrow each other.
//!
//! **Choice.** An actual warning below the level a recipient chose does not go to it, unless it has a duty. Orange, red
//! and what has no level reach everybody; drills ask for no choice, for who takes part in them has been asked.

use fenghuo_contract::Channel;
use roaring::RoaringBitmap;

use super::directory::Selection;
use crate::{
    domain::{
        area::AreaCode,
        finding::{Finding, code},
        message::{Area, Scope},
        purpose::Purpose,
        shape::Shape,
        warning::Warning,
    },
    flow::{Parts, Unavailable},
};

/// Everybody a warning names, ready to be asked channel by channel.
pub(crate) struct Named {
    selection: Selection,
    /// Rows a private warning names one by one; of these, those in its areas.
    persons: Option<(RoaringBitmap, Selection)>,
    scope: Scope,
    /// A scope that names nobody.
    nobody: bool,
    draws: bool,
}

impl Named {
    /// Works out the place and the scope of a warning of an issuer.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn of(parts: &Parts, warning: &Warning, issuer: Option<&str>) -> Result<Self, Unavailable> {
        let message = warning.message();
        let names = match message.scope {
            Scope::Public => Vec::new(),
            Scope::Restricted => words(message.restriction.as_deref().unwrap_or_default()),
            Scope::Private => message.addresses.clone(),
        };
        let nobody = message.scope != Scope::Public && names.is_empty();
        let place = place(parts, warning, issuer).await;
        let draws = areas(warning).any(|area| !(area.polygons.is_empty() && area.circles.is_empty()));
        let selection = narrowed(place.clone(), &names);
        let persons = if message.scope == Scope::Private {
            let mut rows = RoaringBitmap::new();
            for name in &selection.groups {
                rows.extend(parts.directory.find_by_external(name).await?);
            }
            Some((rows, place))
        } else {
            None
        };
        Ok(Self { selection, persons, scope: message.scope, nobody, draws })
    }

    /// Rows named that have an address on a channel.
    pub(crate) fn on(&self, parts: &Parts, channel: Channel) -> RoaringBitmap {
        let public = matches!(channel, Channel::Display | Channel::Broadcast);
        if self.nobody || (public && self.scope != Scope::Public) {
            return RoaringBitmap::new();
        }
        let rows = parts.directory.select(&self.selection, channel);
        match &self.persons {
            Some((persons, place)) => rows | (persons & parts.directory.select(place, channel)),
            None => rows,
        }
    }

    /// Rows of these groups in the place of the warning, on any channel that reaches persons, whatever they chose. Of a
    /// warning that is not for everybody only those it names.
    pub(crate) fn members(&self, parts: &Parts, groups: &[String]) -> RoaringBitmap {
        let persons = || Channel::ALL.into_iter().filter(|channel| channel.reaches_persons());
        let mut rows = RoaringBitmap::new();
        if groups.is_empty() || self.nobody {
            return rows;
        }
        let bare = self.persons.as_ref().map_or(&self.selection, |(_, place)| place);
        let of = Selection { groups: groups.to_vec(), wanted_at: None, ..bare.clone() };
        persons().for_each(|channel| rows |= parts.directory.select(&of, channel));
        if self.scope != Scope::Public {
            let mut named = RoaringBitmap::new();
            persons().for_each(|channel| named |= self.on(parts, channel));
            rows &= named;
        }
        rows
    }

    /// What a person should know about polygons and circles before they choose anybody.
    pub(crate) fn advice(&self, parts: &Parts) -> Vec<Finding> {
        if !self.draws || self.nobody {
            return Vec::new();
        }
        let drawn = parts.directory.drawn(&self.selection);
        let all = [
            (code::SHAPE_UNPLACED, drawn.unplaced),
            (code::SHAPE_WIDENED, drawn.outside),
            (code::SHAPE_BEYOND, drawn.beyond),
        ];
        let found = all.into_iter().filter(|(_, count)| *count > 0);
        found.map(|(code, count)| Finding::advise(code, "").arg("count", count).arg("inside", drawn.inside)).collect()
    }
}

/// Everybody in the areas of a warning who may get it and wants it.
async fn place(parts: &Parts, warning: &Warning, issuer: Option<&str>) -> Selection {
    let mut codes: Vec<AreaCode> = areas(warning).flat_map(AreaCode::of_area).collect();
    codes.sort_unstable();
    codes.dedup();
    let shapes: Vec<Shape> = areas(warning).flat_map(Shape::of_area).collect();
    let within = if shapes.is_empty() { <_>::default() } else { parts.directory.within(&shapes).await };
    let actual = Purpose::of(warning.status()) == Some(Purpose::Actual);
    Selection {
        areas: codes,
        within,
        bounds: bounds(parts, issuer),
        drill_only: !actual,
        wanted_at: actual.then(|| warning.level()),
        ..Selection::default()
    }
}

/// The areas an issuer is held to; `None` when it may speak anywhere.
fn bounds(parts: &Parts, issuer: Option<&str>) -> Option<Vec<AreaCode>> {
    let areas = &parts.config.issuers.get(issuer?)?.areas;
    let anywhere = areas.iter().any(|area| area == "*");
    (!anywhere).then(|| areas.iter().filter_map(|area| area.parse().ok()).collect())
}

fn areas(warning: &Warning) -> impl Iterator<Item = &Area> {
    warning.message().infos.iter().flat_map(|info| &info.areas)
}

/// A selection narrowed to what a scope names.
fn narrowed(mut selection: Selection, names: &[String]) -> Selection {
    for name in names {
        match name.split_once(':') {
            Some(("language", tag)) if !tag.is_empty() => selection.languages.push(tag.to_owned()),
            Some(("duty", "yes")) => selection.duty_only = true,
            _ => selection.groups.push(name.clone()),
        }
    }
    selection
}

/// Names in a text, separated by blanks or punctuation.
fn words(text: &str) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；' | '、');
    text.split(between).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
