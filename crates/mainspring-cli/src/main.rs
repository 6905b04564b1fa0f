//! The program `mainspring`.

mod check;
mod cli;
mod convert;
mod crontab;
mod exit;
mod jitter;
mod jobs;
mod jobs_toml;
mod log;
mod next;
mod problem;
mod progress;
mod run;
mod simulate;
mod spans;
mod stored;
mod sys;
mod timing;
mod top;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use cli::{Cli, Command, Completions, Man};
use exit::Exit;

fn main() -> ExitCode {
    let exit = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Next(arguments) => next::next(&arguments),
        Command::Simulate(arguments) => simulate::simulate(&arguments),
        Command::Convert(arguments) => convert::convert(&arguments),
        Command::Schema => schema(),
        Command::Jitter(arguments) => jitter::jitter(&arguments),
        Command::Stored(command) => stored::carry_out(&command),
        Command::Top(arguments) => top::top(&arguments),
        Command::Completions(arguments) => completions(&arguments),
        Command::Man(arguments) => man(&arguments),
        Command::AsUser(arguments) => {
            let error = sys::become_user(&arguments.user, &arguments.shell, &arguments.command);
            let (user, shell) = (&arguments.user, arguments.shell.display());
            Ok(Exit::failed(format!("cannot run {shell} as {user}: {error}")))
        }
    };
    let exit = exit.unwrap_or_else(|error| match error.kind() {
        // Whoever read our output has read enough.
        io::ErrorKind::BrokenPipe => Exit::Well,
        _ => Exit::failed(error),
    });
    if let Exit::Failed(text) = &exit {
        let _closed = writeln!(anstream::stderr(), "mainspring: {text}");
    }
    exit.into()
}

fn completions(arguments: &Completions) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "mainspring", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Well)
}

fn schema() -> io::Result<Exit> {
    io::stdout().write_all(jobs_toml::SCHEMA.as_bytes())?;
    Ok(Exit::Well)
}

fn man(arguments: &Man) -> io::Result<Exit> {
    let mut command = Cli::command();
    command.build();
    if let Some(name) = &arguments.of {
        command = command.find_subcommand(name).cloned().unwrap_or(command);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    io::stdout().write_all(&page)?;
    Ok(Exit::Well)
}
