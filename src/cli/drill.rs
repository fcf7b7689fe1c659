//! `fenghuo drill replay`: a story of warnings, played again at speed through a whole gateway of this process with
//! simulated providers, people who do not exist and screens that are not there, and a report of what became of it.
//!
//! Only the time between warnings is shortened: each keeps the length of its validity, and people, providers and engine
//! take the time they take. What was an actual warning is played as an exercise.

mod measure;
mod report;
mod story;
mod world;

use std::time::Duration;

use self::{
    measure::Played,
    report::{Replay, Scale},
    story::Scene,
};
use super::{
    arguments::{Drill, DrillAction, DrillReplay},
    demo::Folder,
    exit::Exit,
    fault::Fault,
    output::Output,
    serve,
};
use crate::{
    app::Gateway,
    clock::Clock,
    config::Environment,
    flow::{
        authorize::{Actor, Role},
        intake::{Form, Submission, SubmitFault, Submitted},
    },
};

/// How often the numbers are looked at: what a time in the report may be off by.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the numbers must stand still before they are called the end: receipts come later than answers.
const SETTLE: Duration = Duration::from_secs(3);

pub(super) async fn run(arguments: &Drill, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    match &arguments.action {
        DrillAction::Replay(arguments) => replay(arguments, environment, output).await,
    }
}

async fn replay(arguments: &DrillReplay, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    serve::log(environment, "error", output)?;
    let clock = Clock::system();
    let scenes = story::read(&arguments.files, output)?;
    let folder = Folder::new(None, &clock, output)?;
    let gateway = serve::start(world::config(&folder.path), output).await?;
    world::fill(&gateway, arguments.recipients, output).await?;
    let done = {
        let players = world::play(&gateway);
        tokio::select! {
            done = Box::pin(play(arguments, scenes, &gateway, &clock, output)) => done.map(Some),
            () = players => Ok(None),
            () = serve::stop_asked() => Ok(None),
        }
    };
    gateway.shutdown().await;
    let Some(replay) = done? else { return Ok(Exit::Interrupted) };
    if output.json {
        output.document(&replay.document());
    } else {
        output.text(&replay.text(output));
    }
    Ok(replay.exit())
}

/// Hands every warning in at its time and follows all of them to their end.
async fn play(
    arguments: &DrillReplay,
    scenes: Vec<Scene>,
    gateway: &Gateway,
    clock: &Clock,
    output: &Output,
) -> Result<Replay, Fault> {
    let (began, begins) = (clock.instant(), clock.unix());
    let first = scenes.first().map_or(0, |scene| scene.message.sent.unix());
    let mut waiting = scenes.into_iter().map(|scene| scene.at(first, begins, arguments.speed)).peekable();
    let mut played: Vec<Played> = Vec::new();
    let mut moved = began;
    loop {
        while let Some(scene) = waiting.next_if(|scene| began + scene.after <= clock.instant()) {
            let at = clock.instant();
            let submitted = submit(gateway, &scene, output).await?;
            played.push(Played::new(scene, submitted, at));
            moved = clock.instant();
            output.note(&played.last().map(|played| played.note(output)).unwrap_or_default());
        }
        for one in &mut played {
            if one.look(gateway, clock.instant(), output).await? {
                moved = clock.instant();
            }
        }
        let still = clock.instant().duration_since(moved) >= SETTLE;
        if waiting.peek().is_none() && still && played.iter().all(Played::is_over) {
            break;
        }
        clock.sleep(LOOK_EVERY).await;
    }
    for one in &mut played {
        one.list_dead(gateway, output).await?;
    }
    let scale = Scale { speed: arguments.speed, recipients: arguments.recipients, screens: world::SCREENS };
    Ok(Replay { scale, took: moved.duration_since(began), played })
}

/// What became of handing one in: its id, or the codes of what refused it.
async fn submit(
    gateway: &Gateway,
    scene: &Scene,
    output: &Output,
) -> Result<Result<crate::flow::record::WarningId, Vec<String>>, Fault> {
    let submission = Submission {
        form: Form::Json,
        media_type: "application/json".to_owned(),
        body: crate::flow::record::json(&scene.message),
        actor: Actor::new("replay", Role::Issuer, Some(world::ISSUER.to_owned())),
        idempotency_key: None,
    };
    match gateway.flow().submit(submission).await {
        Ok(Submitted::Created(view) | Submitted::Repeated(view)) => Ok(Ok(view.id)),
        Err(SubmitFault::Rejected(found) | SubmitFault::Forbidden(found)) => Ok(Err(story::codes(&found))),
        Err(SubmitFault::IdentityTaken(_)) => Ok(Err(vec!["identity-taken".to_owned()])),
        Err(fault) => Err(Fault::failed(output.lang, "cli-not-stored", &[("cause", fault.to_string())])),
    }
}
