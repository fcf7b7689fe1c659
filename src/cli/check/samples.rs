//! What each route would make of a sample, a warning with everything a warning can have: how many segments it takes, whether
//! its short form would go out, or why the route cannot carry it. Asked of the adapters, over no network.

use fenghuo_contract::Channel;
use serde_json::{Value, json};

use super::Adapters;
use crate::{
    cli::output::Output,
    config::{Config, ConfigFinding, finding::Weight},
    flow::render::{self, templates::Templates},
};

/// What a route makes of the sample in one language.
pub(super) struct Sample {
    route: String,
    channel: Channel,
    language: String,
    drill: bool,
    /// Segments, and what readers see where that is not the text itself.
    made: Result<(usize, Option<String>), String>,
}

/// Asks every route for what it is marked for: actual warnings, drills, or both.
pub(super) fn look(config: &Config, adapters: &Adapters) -> Vec<Sample> {
    let Ok(templates) = Templates::load(config) else { return Vec::new() };
    let mut samples = Vec::new();
    for (name, adapter) in adapters {
        let Some(route) = config.routes.get(name).filter(|route| route.partner.is_none()) else { continue };
        let purposes = [(false, route.actual), (true, route.drill)];
        for drill in purposes.into_iter().filter_map(|(drill, may)| may.then_some(drill)) {
            for language in &config.texts.languages {
                let Some(content) = render::sample(&templates, config, route.channel, language, drill) else {
                    continue;
                };
                let made = adapter.fit(&content).map_err(|cause| cause.to_string());
                let made = made.map(|fit| (fit.segments, (fit.text != content.text).then_some(fit.text)));
                let (route, channel, language) = (name.clone(), route.channel, language.clone());
                samples.push(Sample { route, channel, language, drill, made });
            }
        }
    }
    samples
}

impl Sample {
    /// That the route cannot carry the sample, as a finding about its settings.
    pub(super) fn finding(&self) -> Option<ConfigFinding> {
        let cause = self.made.as_ref().err()?;
        let drill = if self.drill { "yes" } else { "no" };
        let args = vec![
            ("route", self.route.clone()),
            ("language", self.language.clone()),
            ("drill", drill.to_owned()),
            ("cause", cause.clone()),
        ];
        let key = format!("routes.\"{}\"", self.route);
        Some(ConfigFinding { code: "config-route-refuses-sample", key, spot: None, args, weight: Weight::Advise })
    }

    /// The same for people, in a line; nothing where there is nothing to say but that it goes out as it is.
    pub(super) fn told(&self, output: &Output) -> Option<String> {
        let (segments, text) = self.made.as_ref().ok()?;
        if self.channel != Channel::Sms && text.is_none() {
            return None;
        }
        let id = match (self.drill, text) {
            (false, None) => "cli-check-sample",
            (true, None) => "cli-check-sample-drill",
            (false, Some(_)) => "cli-check-sample-other",
            (true, Some(_)) => "cli-check-sample-drill-other",
        };
        let args = [
            ("route", self.route.clone()),
            ("language", self.language.clone()),
            ("count", segments.to_string()),
            ("text", text.clone().unwrap_or_default()),
        ];
        Some(output.say(id, &args) + "\n")
    }

    /// The same for programs.
    pub(super) fn document(&self) -> Value {
        let (segments, text) = self.made.as_ref().ok().cloned().unzip();
        json!({
            "route": self.route,
            "channel": self.channel.name(),
            "language": self.language,
            "drill": self.drill,
            "segments": segments,
            "text": text.flatten(),
            "refusal": self.made.as_ref().err(),
        })
    }
}
