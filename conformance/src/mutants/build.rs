//! Copying, generating and building.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use super::{Mutant, MutantError, instrument};
use crate::sut::child::Launch;

/// Lines of cargo's output kept for a report.
const CARGO_LINES: usize = 60;

/// The choice of the mutant at run time, added to the copy as its module `mutant`.
const SWITCH: &str = "\
//! Which mutant is on.
use core::sync::atomic::{AtomicU32, Ordering};
static ACTIVE: AtomicU32 = AtomicU32::new(0);
/// Turns one mutant on; 0 is the original.
pub fn select(number: u32) {
    ACTIVE.store(number, Ordering::Relaxed);
}
/// True while that mutant is on.
pub fn active(number: u32) -> bool {
    ACTIVE.load(Ordering::Relaxed) == number
}
";

/// The program: the project's own adapter over the altered copy.
const PROGRAM: &str = "\
#![allow(dead_code)]
use std::io::{stdin, stdout};
#[path = ADAPTER]
mod adapter;
const MUTANTS: &[&str] = &[MUTANTS_LIST];
fn main() {
    let mut arguments = std::env::args().skip(1);
    let id = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => \"none\".to_owned(),
        (Some(\"--mutant\"), Some(id)) => id,
        _ => usage(),
    };
    let number = match MUTANTS.iter().position(|known| *known == id) {
        Some(position) => u32::try_from(position).unwrap() + 1,
        None if id == \"none\" => 0,
        None => usage(),
    };
    distributed_mars::mutant::select(number);
    let identity = adapter::Identity { name: \"distributed-mars\".to_owned(), version: format!(\"mutant:{id}\") };
    let mut session = adapter::Session::new(identity);
    if let Err(error) = adapter::serve::serve(&mut session, &mut stdin().lock(), &mut stdout().lock()) {
        eprintln!(\"{error}\");
        std::process::exit(70);
    }
}
fn usage() -> ! {
    eprintln!(\"usage: mars-mutants [--mutant ID], one of {MUTANTS:?}\");
    std::process::exit(64);
}
";

/// The built adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    program: PathBuf,
}

impl Adapter {
    /// How to start it with this mutant on, or with none.
    #[must_use]
    pub fn launch(&self, mutant: Option<&str>) -> Launch {
        let program = self.program.display().to_string();
        let id = mutant.unwrap_or("none").to_owned();
        Launch::new(vec![program, "--mutant".to_owned(), id])
    }
}

/// Builds the adapter of these mutants, unless the same inputs were built before.
///
/// # Errors
/// An expression that is not found exactly once, a file that cannot be read or written, or a copy
/// that does not compile.
pub fn build(root: &Path, mutants: &[Mutant]) -> Result<Adapter, MutantError> {
    let source = root.join("impl/src");
    let mut copies = Vec::new();
    for path in files(&source)? {
        let name = path.strip_prefix(&source).unwrap_or(&path).to_path_buf();
        copies.push((name, read(&path)?));
    }
    let missing = mutants
        .iter()
        .find(|m| !copies.iter().any(|(name, _)| *name == Path::new(&m.file)));
    if let Some(Mutant { id, file, .. }) = missing {
        return Err(MutantError::NotOnce {
            id: id.clone(),
            file: file.clone(),
            found: 0,
        });
    }
    for (name, text) in &mut copies {
        let here: Vec<_> = (1..)
            .zip(mutants)
            .filter(|(_, mutant)| *name == Path::new(&mutant.file))
            .collect();
        *text = instrument(text, &here)?;
        if *name == Path::new("lib.rs") {
            text.insert_str(0, "#![allow(warnings)]\n#![forbid(unsafe_code)]\n");
            text.push_str("\npub mod mutant;\n");
        }
    }
    copies.push(("mutant.rs".into(), SWITCH.to_owned()));

    let adapter = root.join("conformance/src/adapter");
    let mut hasher = DefaultHasher::new();
    copies.hash(&mut hasher);
    mutants.hash(&mut hasher);
    (PROGRAM, root).hash(&mut hasher);
    let manifests = ["Cargo.toml", "Cargo.lock", "impl/Cargo.toml"].map(|name| root.join(name));
    for path in files(&adapter)?.iter().chain(&manifests) {
        read(path)?.hash(&mut hasher);
    }
    let store = root.join("target/mutants");
    let home = store.join(format!("{:016x}", hasher.finish()));
    let program = home.join("mars-mutants");

    make(&store)?;
    let lock_path = store.join("lock");
    let wrong = |error| MutantError::Io {
        path: lock_path.clone(),
        error,
    };
    // Two tests may build at once.
    let lock = File::create(&lock_path).map_err(wrong)?;
    lock.lock().map_err(wrong)?;
    if program.exists() {
        return Ok(Adapter { program });
    }
    for (name, text) in &copies {
        write(&home.join("impl/src").join(name), text)?;
    }
    let main = PROGRAM
        .replace(
            "ADAPTER",
            &format!("{:?}", adapter.join("mod.rs").display().to_string()),
        )
        .replace(
            "MUTANTS_LIST",
            &mutants.iter().fold(String::new(), |mut list, mutant| {
                let _ = write!(list, "{:?}, ", mutant.id);
                list
            }),
        );
    write(&home.join("adapter/src/main.rs"), &main)?;
    write(&home.join("adapter/Cargo.toml"), ADAPTER_MANIFEST)?;
    write(
        &home.join("Cargo.toml"),
        &workspace_manifest(&root.join("Cargo.toml"))?,
    )?;
    write(
        &home.join("impl/Cargo.toml"),
        &impl_manifest(&root.join("impl/Cargo.toml"))?,
    )?;
    write(&home.join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)?;
    compile(&home, &store.join("build"))?;
    let built = store.join("build/debug/mars-mutants");
    let moving = home.join("mars-mutants.new");
    fs::copy(&built, &moving).map_err(|error| MutantError::Io { path: built, error })?;
    fs::rename(&moving, &program).map_err(|error| MutantError::Io {
        path: program.clone(),
        error,
    })?;
    Ok(Adapter { program })
}

const ADAPTER_MANIFEST: &str = "\
[package]
name = \"mars-mutants\"
version.workspace = true
edition.workspace = true
[dependencies]
distributed-mars.workspace = true
serde.workspace = true
serde_json.workspace = true
";

/// The workspace's manifest with the two copied members, without lints and with a quick profile.
fn workspace_manifest(path: &Path) -> Result<String, MutantError> {
    let mut manifest = table(path)?;
    manifest.remove("profile");
    if let Some(workspace) = manifest.get_mut("workspace").and_then(Value::as_table_mut) {
        for key in ["lints", "default-members"] {
            workspace.remove(key);
        }
        workspace.insert("members".to_owned(), vec!["impl", "adapter"].into());
        if let Some(dependencies) = workspace
            .get_mut("dependencies")
            .and_then(Value::as_table_mut)
        {
            dependencies
                .retain(|name, value| name == "distributed-mars" || value.get("path").is_none());
        }
    }
    let mut dev = Table::new();
    dev.insert("opt-level".to_owned(), 1.into());
    dev.insert("debug".to_owned(), false.into());
    let profile = Table::from_iter([("dev".to_owned(), Value::Table(dev))]);
    manifest.insert("profile".to_owned(), Value::Table(profile));
    Ok(manifest.to_string())
}

/// The implementation's manifest without what only its own tests need.
fn impl_manifest(path: &Path) -> Result<String, MutantError> {
    let mut manifest = table(path)?;
    for key in ["lints", "dev-dependencies", "bench"] {
        manifest.remove(key);
    }
    Ok(manifest.to_string())
}

fn table(path: &Path) -> Result<Table, MutantError> {
    let text = read(path)?;
    text.parse()
        .map_err(|error: toml::de::Error| MutantError::Data {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })
}

fn compile(home: &Path, target: &Path) -> Result<(), MutantError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(&cargo)
        .args([
            "build",
            "--offline",
            "--quiet",
            "-p",
            "mars-mutants",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(home)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .output()
        .map_err(|error| MutantError::Io {
            path: cargo.into(),
            error,
        })?;
    if built.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&built.stderr);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines
        .get(lines.len().saturating_sub(CARGO_LINES)..)
        .unwrap_or_default();
    Err(MutantError::Build {
        output: last.join("\n"),
    })
}

/// All files below a directory, sorted.
pub(super) fn files(directory: &Path) -> Result<Vec<PathBuf>, MutantError> {
    let wrong = |error| MutantError::Io {
        path: directory.to_path_buf(),
        error,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn read(path: &Path) -> Result<String, MutantError> {
    fs::read_to_string(path).map_err(|error| MutantError::Io {
        path: path.to_path_buf(),
        error,
    })
}

fn make(directory: &Path) -> Result<(), MutantError> {
    fs::create_dir_all(directory).map_err(|error| MutantError::Io {
        path: directory.to_path_buf(),
        error,
    })
}

fn write(path: &Path, text: &str) -> Result<(), MutantError> {
    path.parent().map_or(Ok(()), make)?;
    fs::write(path, text).map_err(|error| MutantError::Io {
        path: path.to_path_buf(),
        error,
    })
}
