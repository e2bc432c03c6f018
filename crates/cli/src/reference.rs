//! The command line about itself: completions, man pages, and the reference that stands in docs/cli.md.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Args;
use crate::output;
use crate::report::Failure;

/// Wide enough for every flag, narrow enough for a page.
const WIDTH: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell; unset: the one in $SHELL.
    shell: Option<Shell>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The command; unset: the page of the whole.
    command: Option<String>,
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let shell = args.shell.or_else(Shell::from_env).ok_or_else(|| {
        Failure::unusable(
            "which shell is not known",
            "name it, for example `mesh-failover completions bash`",
        )
    })?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "mesh-failover", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Ok(())
}

pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    let mut whole = built();
    let command = match &args.command {
        None => whole,
        Some(name) => {
            let names = names(&whole).join("`, `");
            whole.find_subcommand_mut(name).map(|command| command.clone()).ok_or_else(|| {
                Failure::unusable(format!("no command `{name}`"), format!("there are `{names}`"))
            })?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::unusable(format!("cannot write the page: {error}"), ""))?;
    output::print(&String::from_utf8_lossy(&page));
    Ok(())
}

/// The reference as Markdown: what `--help` says of each command.
pub(crate) fn markdown() {
    let mut whole = built();
    let mut text = String::from(
        "# Command line\n\nMade from the program's own help. Exit status 0: fine; 1: findings, or expectations that did not come true; 2: input \
         that cannot be used.\n\n",
    );
    let _ = writeln!(text, "```text\n{}\n```", whole.render_long_help().to_string().trim_end());
    for name in names(&whole) {
        let Some(command) = whole.find_subcommand_mut(&name) else { continue };
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        let help = lines.join("\n");
        let _ = writeln!(text, "\n## mesh-failover {name}\n\n```text\n{}\n```", help.trim_end());
    }
    output::print(&text);
}

/// The command line, complete and of one width wherever it is asked.
fn built() -> Command {
    let mut command = Args::command().term_width(WIDTH).disable_help_subcommand(true);
    command.build();
    command
}

fn names(command: &Command) -> Vec<String> {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}
