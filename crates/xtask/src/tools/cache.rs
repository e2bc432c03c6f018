//! The per-user folder for fetched tools, shared by all checkouts and safe against two runs at once.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// `$MESH_FAILOVER_TOOLS`, else `mesh-failover` under `$XDG_CACHE_HOME` or `~/.cache`.
pub fn folder() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set("MESH_FAILOVER_TOOLS") {
        return Ok(folder);
    }
    let Some(cache) = set("XDG_CACHE_HOME").or_else(|| Some(env::home_dir()?.join(".cache")))
    else {
        bail!("no home folder: set MESH_FAILOVER_TOOLS to a folder that may hold tools");
    };
    Ok(cache.join("mesh-failover"))
}

/// The file `program` of the tool in the folder `name`. When it is missing, `fetch` fills an empty
/// folder, `check` looks at the program in it, and only then the folder gets its name: an interrupted
/// download leaves nothing that looks complete.
pub(super) fn provide(
    name: &str,
    program: &str,
    fetch: impl FnOnce(&Path) -> Result<()>,
    check: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = folder()?;
    let kept = folder.join(name);
    if kept.join(program).is_file() {
        return Ok(kept.join(program));
    }
    let context = || format!("cannot write to `{}`; set MESH_FAILOVER_TOOLS", folder.display());
    fs::create_dir_all(&folder).with_context(context)?;
    let lock = File::create(folder.join(format!(".{name}.lock"))).with_context(context)?;
    lock.lock().with_context(context)?;
    // Somebody else may have fetched it while this process waited for the lock.
    if !kept.join(program).is_file() {
        let partial = folder.join(format!(".{name}.partial"));
        clear(&partial)?;
        fs::create_dir_all(&partial).with_context(context)?;
        fetch(&partial)?;
        check(&partial.join(program))?;
        clear(&kept)?;
        fs::rename(&partial, &kept).with_context(context)?;
    }
    Ok(kept.join(program))
}

fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}
