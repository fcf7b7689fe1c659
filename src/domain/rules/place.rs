//! Rules for areas: names, coordinates, circles, heights.

use super::{Spot, polygon, words};
use crate::domain::{
    finding::{Finding, Found, code},
    message::{Area, Circle, Info},
};

/// Half of the Earth's circumference in kilometres: a larger circle covers everything twice.
const LARGEST_RADIUS: f64 = 20_038.0;

/// Checks the areas of an info. `comparisons` is what may still be spent on comparing edges in the whole message.
pub(super) fn check(info: &Info, spot: &Spot<'_>, comparisons: &mut usize, found: &mut Found) {
    let places = |area: &Area| !(area.polygons.is_empty() && area.circles.is_empty() && area.geocodes.is_empty());
    if !info.areas.iter().any(places) {
        found.push(spot.field("areas").advise(code::AREA_MISSING));
    }
    let areas = spot.field("areas");
    for (index, item) in info.areas.iter().enumerate() {
        area(item, &areas.item(index), comparisons, found);
    }
}

fn area(area: &Area, spot: &Spot<'_>, comparisons: &mut usize, found: &mut Found) {
    if area.description.trim().is_empty() {
        found.push(spot.field("description").refuse(code::AREA_DESCRIPTION_EMPTY));
    } else {
        words::plain(Some(&area.description), &spot.field("description"), found);
    }
    let polygons = spot.field("polygons");
    for (index, item) in area.polygons.iter().enumerate() {
        polygon::check(&item.0, &polygons.item(index), comparisons, found);
    }
    let circles = spot.field("circles");
    for (index, item) in area.circles.iter().enumerate() {
        circle(item, &circles.item(index), found);
    }
    words::named(&area.geocodes, &spot.field("geocodes"), found);
    heights(area, spot, found);
}

fn circle(circle: &Circle, spot: &Spot<'_>, found: &mut Found) {
    if let Some(finding) = coordinates(circle.centre, spot) {
        found.push(finding);
    }
    if !(0.0..=LARGEST_RADIUS).contains(&circle.radius_km) {
        found.push(spot.refuse(code::CIRCLE_RADIUS).got(&circle.radius_km.to_string()));
    }
}

/// What is wrong with a pair of latitude and longitude.
pub(super) fn coordinates([latitude, longitude]: [f64; 2], spot: &Spot<'_>) -> Option<Finding> {
    let got = format!("{latitude},{longitude}");
    if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 {
        None
    } else if latitude.abs() <= 180.0 && longitude.abs() <= 90.0 {
        Some(spot.refuse(code::COORDINATE_SWAPPED).got(&got))
    } else {
        Some(spot.refuse(code::COORDINATE_RANGE).got(&got))
    }
}

fn heights(area: &Area, spot: &Spot<'_>, found: &mut Found) {
    for (name, value) in [("altitude_ft", area.altitude_ft), ("ceiling_ft", area.ceiling_ft)] {
        if let Some(value) = value.filter(|value| !value.is_finite()) {
            found.push(spot.field(name).refuse(code::NUMBER_FORM).got(&value.to_string()));
        }
    }
    let ceiling = spot.field("ceiling_ft");
    match (area.altitude_ft, area.ceiling_ft) {
        (None, Some(_)) => found.push(ceiling.refuse(code::CEILING_WITHOUT_ALTITUDE)),
        (Some(low), Some(high)) if high < low => {
            found.push(ceiling.refuse(code::CEILING_BELOW_ALTITUDE).got(&high.to_string()).arg("altitude", low));
        }
        _ => {}
    }
}
