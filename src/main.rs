//! The program; see [`fenghuo::cli`].

fn main() -> std::process::ExitCode {
    fenghuo::cli::main()
}
