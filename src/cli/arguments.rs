//! What can be written on the command line. The help texts are in `messages/*/cli.ftl`; see [`super::help`].

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::flow::authorize::Role;

/// All of it.
#[derive(Debug, Parser)]
#[command(name = "fenghuo", disable_help_flag = true, disable_version_flag = true, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[arg(long, short = 'V', display_order = 104)]
    pub version: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
pub struct Common {
    #[arg(long, global = true, display_order = 100)]
    pub json: bool,
    #[arg(long, short, global = true, display_order = 101)]
    pub quiet: bool,
    #[arg(long, global = true, display_order = 102, value_name = "LANG", value_parser = ["zh-CN", "en"])]
    pub lang: Option<String>,
    #[arg(long, short, global = true, display_order = 103, action = ArgAction::HelpLong)]
    pub help: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(Demo),
    Drill(Drill),
    Serve(Serve),
    Check(Check),
    Send(Send),
    Watch(Watch),
    Follow(Follow),
    Status(Status),
    Lift(Lift),
    Correct(Ending),
    Retry(Retry),
    Import(Import),
    Keys(Keys),
    Verify(Verify),
    Migrate(Migrate),
    Explain(Explain),
    Completions(Completions),
    Man(Man),
    Version,
    Help(Help),
}

/// Which settings to use.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    #[arg(long, value_name = "FILE", env = "FENGHUO_CONFIG")]
    pub config: Option<PathBuf>,
}

/// Which server to speak to, as whom.
#[derive(Args, Clone, Debug)]
pub struct Connection {
    #[arg(long, value_name = "URL", env = "FENGHUO_SERVER", default_value = "http://127.0.0.1:12379")]
    pub server: String,
    #[arg(long, value_name = "FILE", env = "FENGHUO_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

/// How often a line of progress is written when nobody watches.
#[derive(Args, Clone, Copy, Debug)]
pub struct Every {
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub every: u64,
}

#[derive(Args, Debug)]
pub struct Demo {
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::SocketAddr>,
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub recipients: u32,
    #[arg(long)]
    pub exit: bool,
    #[command(flatten)]
    pub every: Every,
}

#[derive(Args, Debug)]
pub struct Drill {
    #[command(subcommand)]
    pub action: DrillAction,
}

#[derive(Debug, Subcommand)]
pub enum DrillAction {
    Replay(DrillReplay),
}

#[derive(Args, Debug)]
pub struct DrillReplay {
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[arg(long, value_name = "NUMBER", default_value_t = 60.0, value_parser = speed)]
    pub speed: f64,
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub recipients: u32,
}

/// A number of times, 1 to a million.
fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| (1.0..=1_000_000.0).contains(speed));
    speed.ok_or_else(|| "1..=1000000".to_owned())
}

#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    pub settings: Settings,
    #[arg(long, value_name = "DIR", env = "FENGHUO_DATA")]
    pub data: Option<PathBuf>,
    #[arg(long, value_name = "ADDRESS", env = "FENGHUO_LISTEN")]
    pub listen: Option<std::net::SocketAddr>,
}

#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    pub settings: Settings,
    #[arg(long)]
    pub live: bool,
    #[arg(long)]
    pub deny_warnings: bool,
}

#[derive(Args, Debug)]
pub struct Send {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[arg(long)]
    pub watch: bool,
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub every: Every,
}

#[derive(Args, Debug)]
pub struct Watch {
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub every: Every,
}

#[derive(Args, Debug)]
pub struct Status {
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    #[arg(long)]
    pub active: bool,
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub limit: u32,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Args, Debug)]
pub struct Lift {
    #[command(flatten)]
    pub ending: Ending,
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
}

/// What every act that ends the event of a warning takes.
#[derive(Args, Debug)]
pub struct Ending {
    #[arg(value_name = "ID")]
    pub id: String,
    #[arg(long)]
    pub yes: bool,
    #[arg(long, value_name = "WORD")]
    pub confirm: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Args, Debug)]
pub struct Retry {
    #[arg(value_name = "ID")]
    pub id: String,
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<fenghuo_contract::Channel>,
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    pub failed_by: Vec<String>,
    #[arg(long)]
    pub yes: bool,
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[arg(long, value_name = "NONCE")]
    pub nonce: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Coordinates of a file of recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportCoordinates {
    Wgs84,
    Gcj02,
}

/// Form of a file of recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    Csv,
    Ndjson,
}

#[derive(Args, Debug)]
pub struct Import {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ImportFormat>,
    #[arg(long, value_name = "SYSTEM")]
    pub coordinates: Option<ImportCoordinates>,
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Args, Debug)]
pub struct Keys {
    #[command(subcommand)]
    pub action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub enum KeysAction {
    Create(KeysCreate),
    List(KeysList),
    Revoke(KeysRevoke),
}

/// Where the keys are: in a data directory that no server holds, or behind a server.
#[derive(Args, Debug)]
pub struct KeysPlace {
    #[arg(long, value_name = "DIR", env = "FENGHUO_DATA")]
    pub data: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Args, Debug)]
pub struct KeysCreate {
    #[arg(long, value_name = "ROLE", value_parser = role())]
    pub role: Role,
    #[arg(long, value_name = "ID")]
    pub issuer: Option<String>,
    #[arg(long, value_name = "ID")]
    pub screen: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub person: Option<String>,
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub place: KeysPlace,
}

fn role() -> impl clap::builder::TypedValueParser<Value = Role> {
    use clap::builder::TypedValueParser;
    let names = Role::ALL.map(Role::name);
    clap::builder::PossibleValuesParser::new(names)
        .map(|name| Role::ALL.into_iter().find(|role| role.name() == name).unwrap_or(Role::Operator))
}

#[derive(Args, Debug)]
pub struct KeysList {
    #[command(flatten)]
    pub place: KeysPlace,
}

#[derive(Args, Debug)]
pub struct KeysRevoke {
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub place: KeysPlace,
}

/// Serving the screens of one building, also when the line is cut.
#[derive(Args, Debug)]
pub struct Follow {
    #[arg(value_name = "URL")]
    pub url: String,
    #[arg(long, value_name = "FILE")]
    pub screens: PathBuf,
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:12380")]
    pub listen: std::net::SocketAddr,
    #[arg(long, value_name = "DIR", env = "FENGHUO_DATA")]
    pub data: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct Verify {
    #[arg(long, value_name = "DIR", env = "FENGHUO_DATA", required_unless_present = "config")]
    pub data: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub every: Every,
}

/// Moving a data directory into a Redis that several nodes share.
#[derive(Args, Debug)]
pub struct Migrate {
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    #[arg(long, value_name = "URL")]
    pub to: String,
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    #[arg(long, value_name = "NAME", default_value = "fenghuo")]
    pub prefix: String,
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replicas: u32,
    #[command(flatten)]
    pub every: Every,
}

#[derive(Args, Debug)]
pub struct Explain {
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

#[derive(Args, Debug)]
pub struct Completions {
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

#[derive(Args, Debug)]
pub struct Man {
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}

#[derive(Args, Debug)]
pub struct Help {
    #[arg(value_name = "TOPIC", num_args = 0..)]
    pub topic: Vec<String>,
}
