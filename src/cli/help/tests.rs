use super::*;

/// Every command with its path, the whole first.
fn commands(lang: Lang) -> Vec<(String, Command)> {
    fn walk(command: &Command, path: &str, all: &mut Vec<(String, Command)>) {
        all.push((path.to_owned(), command.clone()));
        for sub in command.get_subcommands() {
            walk(sub, &format!("{path} {}", sub.get_name()), all);
        }
    }
    let mut all = Vec::new();
    walk(&localized(lang), "fenghuo", &mut all);
    all
}

#[test]
fn the_command_is_well_formed() {
    Arguments::command().debug_assert();
    assert!(commands(Lang::English).len() > 18);
}

#[test]
fn every_command_and_argument_has_its_text_in_both_languages() {
    for lang in Lang::ALL {
        for (path, command) in commands(lang) {
            let about = command.get_about().expect(&path).to_string();
            assert!(!about.is_empty() && !about.starts_with("cli"), "{path}: {about}");
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty() && !help.starts_with("cli-"), "{path} {}: {help}", argument.get_id());
            }
        }
    }
}

#[test]
fn chinese_help_has_no_english_sentence() {
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (path, mut command) in commands(Lang::Chinese) {
        for help in [command.render_long_help().to_string(), command.render_help().to_string()] {
            for line in help.lines().map(str::trim) {
                // Names of options and arguments, and lines that are to be typed.
                let name = line.starts_with(['-', '<', '[']) || line.starts_with("fenghuo ");
                assert!(line.is_empty() || name || is_chinese(line), "{path}: {line}");
            }
        }
    }
}

#[test]
fn every_command_shows_an_example() {
    for lang in Lang::ALL {
        for (path, mut command) in commands(lang).into_iter().filter(|(_, command)| !command.has_subcommands()) {
            let long = command.render_long_help().to_string();
            assert!(long.contains(&format!("  {path}")), "{path}: {long}");
        }
    }
}

#[test]
fn the_first_words_fit_on_a_screen() {
    for lang in Lang::ALL {
        assert!(bare(lang).lines().count() <= 10, "{}", bare(lang));
        assert_eq!(bare(lang).matches("fenghuo ").count(), 5);
    }
}

#[test]
fn help_is_found_anywhere_on_the_line() {
    let command = localized(Lang::English);
    let asked = |words: &[&str]| {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        asked(&command, &words)
    };
    assert!(asked(&["fenghuo", "send", "--nonsense", "-h"]).expect("help").contains("Hand a warning in"));
    assert!(asked(&["fenghuo", "-h", "keys", "create"]).expect("help").contains("Make a key"));
    assert!(asked(&["fenghuo", "--json", "--help"]).expect("help").contains("emergency warning gateway"));
    assert_eq!(asked(&["fenghuo", "send", "--", "-h"]), None);
    assert_eq!(asked(&["fenghuo", "send", "file"]), None);
}

#[test]
fn exit_codes_are_all_told() {
    let told = exit_codes(Lang::English);
    for exit in Exit::ALL {
        assert!(told.lines().any(|line| line.trim_start().starts_with(&format!("{} ", exit.code()))), "{exit:?}");
    }
}
