//! Which paths a source file names: `use` trees taken apart, `super` and `self` resolved.

/// Every path that `text`, the file at `file`, names outside comments and inline tests. Paths within the crate begin
/// with `crate::`.
pub(super) fn paths(file: &str, text: &str) -> Vec<String> {
    let module = module_of(file);
    let code = without_comments(without_inline_tests(text));
    let mut found = Vec::new();
    let mut rest = &*code;
    while let Some(start) = next_use(rest) {
        inline(&rest[..start], &mut found);
        let tree = &rest[start + "use ".len()..];
        let end = tree.find(';').unwrap_or(tree.len());
        expand("", &tree[..end], &mut found);
        rest = &tree[end..];
    }
    inline(rest, &mut found);
    found.into_iter().map(|path| resolve(&module, &path)).collect()
}

/// `src/flow/target/import.rs` → `flow`, `target`, `import`.
fn module_of(file: &str) -> Vec<String> {
    let path = file.split_once("src/").map_or(file, |(_, path)| path);
    let path = path.trim_end_matches(".rs");
    path.split('/').filter(|part| *part != "lib" && *part != "main").map(str::to_owned).collect()
}

fn without_inline_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {").map_or(text, |start| &text[..start])
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join("\n")
}

/// Where the next `use` statement begins.
fn next_use(code: &str) -> Option<usize> {
    let begins = |start: usize| {
        let before = code[..start].trim_end_matches(' ');
        before.is_empty() || before.ends_with(['\n', ';', '{', '}', ')']) || before.ends_with("pub")
    };
    code.match_indices("use ").map(|(start, _)| start).find(|start| begins(*start))
}

/// Paths in code that is not a `use`.
fn inline(code: &str, found: &mut Vec<String>) {
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let paths = words.map(|word| word.trim_matches(':')).filter(|word| word.contains("::"));
    found.extend(paths.map(str::to_owned));
}

/// The leaves of a `use` tree.
fn expand(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let mut depth = 0;
    let branches = tree.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    for branch in branches.map(str::trim).filter(|branch| !branch.is_empty()) {
        if let Some((head, inner)) = branch.split_once('{') {
            let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
            expand(&format!("{prefix}{head}"), inner, found);
        } else {
            let path = branch.split_once(" as ").map_or(branch, |(path, _)| path);
            found.push(format!("{prefix}{}", path.trim().trim_start_matches("::")));
        }
    }
}

fn resolve(module: &[String], path: &str) -> String {
    let mut base = module.to_vec();
    let mut segments = path.split("::").peekable();
    match segments.peek() {
        Some(&"crate") => {
            base.clear();
            segments.next();
        }
        Some(&"self") => {
            segments.next();
        }
        Some(&"super") => {
            while segments.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        _ => return path.to_owned(),
    }
    let whole = ["crate".to_owned()].into_iter().chain(base).chain(segments.map(str::to_owned));
    whole.collect::<Vec<_>>().join("::")
}
