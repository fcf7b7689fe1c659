//! Where a program that was started listens.

use std::{
    io::{BufRead, BufReader, Read},
    process::Child,
};

/// `http://127.0.0.1:…`, once the program says so on its piped standard error; what it says later is read and dropped.
pub fn listening(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().expect("piped"));
    let (mut line, mut said) = (String::new(), String::new());
    let base = loop {
        line.clear();
        assert!(lines.read_line(&mut line).expect("text") > 0, "the program ended before it listened: {said}");
        if let Some(at) = line.find("http://127.0.0.1:") {
            let digits: String = line[at + 17..].chars().take_while(char::is_ascii_digit).collect();
            break format!("http://127.0.0.1:{digits}");
        }
        said.clone_from(&line);
    };
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _read = lines.read_to_end(&mut rest);
    });
    base
}
