//! Programs made of a copy of `impl/` in which every mutant can be switched on: an adapter, and the simulated LIS.
//!
//! `target/mutants/workspace` holds the copy and a small crate that compiles the files of
//! `conformance/src/adapter` and of `impl/examples/lis` against it; `target/mutants/<digest>/` the programs made of it. What has
//! been built once from the same files is not built again.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use super::{Class, Mutant, MutantError, check_ids, folder, load, readings, weave};
use crate::sut::child::Launch;

/// Name of the adapter.
const PROGRAM: &str = "mutant-adapter";
/// Name of the simulation.
const SIMULATION: &str = "mutant-lis";

/// The switch that is added to the copy.
pub(super) const SWITCH: &str = "\
//! Which mutant is on. Added to a copy of this crate; the original has no such thing.

use std::sync::atomic::{AtomicU32, Ordering};

static ACTIVE: AtomicU32 = AtomicU32::new(0);

/// Turns one mutant on; 0 is the original.
pub fn activate(number: u32) {
    ACTIVE.store(number, Ordering::Relaxed);
}

/// True for the mutant that is on.
pub fn active(number: u32) -> bool {
    ACTIVE.load(Ordering::Relaxed) == number
}
";

/// The programs, and what they can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The adapter.
    pub program: PathBuf,
    /// The simulated LIS.
    pub simulation: PathBuf,
    /// All mutants in it.
    pub mutants: Vec<Mutant>,
    /// The other readings in it, which are switched on like mutants.
    pub readings: Vec<Mutant>,
}

impl Built {
    /// How to start a mutant; the original for `None`.
    #[must_use]
    pub fn launch(&self, id: Option<&str>) -> Launch {
        let program = self.program.to_string_lossy().into_owned();
        let id = id.unwrap_or("none").to_owned();
        Launch::new(vec![program, "--mutant".to_owned(), id])
    }
}

/// Builds the programs of all declared mutants, unless that was done before.
///
/// # Errors
/// A mutant that does not fit the implementation any more, or one that does not compile.
pub fn build() -> Result<Built, MutantError> {
    let mut all = load(&folder())?;
    all.extend(load(&readings())?);
    check_ids(&all)?;
    let (root, store) = places()?;
    build_from(&root, &store, all)
}

/// The tree that mutants are made of, and where what is made goes.
pub(super) fn places() -> Result<(PathBuf, PathBuf), MutantError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = fs::canonicalize(&root).map_err(|error| MutantError::io(&root, &error))?;
    let store = target(&root).join("mutants");
    Ok((root, store))
}

/// The same from the tree at `root`, with all that is made in `store`.
pub(super) fn build_from(
    root: &Path,
    store: &Path,
    mutants: Vec<Mutant>,
) -> Result<Built, MutantError> {
    let workspace = store.join("workspace");
    let files = workspace_files(root, &mutants)?;
    let folder = store.join(digest(root, &files)?);
    let [program, simulation] = [PROGRAM, SIMULATION].map(|name| folder.join(name));
    let _locked = lock(store)?;
    if !program.exists() || !simulation.exists() {
        write_all(&workspace, &files)?;
        compile(&workspace, PROGRAM)?;
        let made = workspace.join("target/debug");
        publish(&made.join(SIMULATION), &simulation)?;
        publish(&made.join(PROGRAM), &program)?;
    }
    let (readings, mutants) = mutants
        .into_iter()
        .partition(|one| one.class == Class::Reading);
    Ok(Built {
        program,
        simulation,
        mutants,
        readings,
    })
}

/// One process builds, the others wait and find the program.
pub(super) fn lock(store: &Path) -> Result<File, MutantError> {
    fs::create_dir_all(store).map_err(|error| MutantError::io(store, &error))?;
    let lock = store.join("lock");
    File::create(&lock)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| MutantError::io(&lock, &error))
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// Every file of the workspace to compile, by its path in it.
fn workspace_files(
    root: &Path,
    mutants: &[Mutant],
) -> Result<BTreeMap<PathBuf, String>, MutantError> {
    let mut files = woven(root, "impl", mutants)?;
    files.insert("impl/Cargo.toml".into(), manifest(root, "impl")?);
    let members = ["impl", "adapter"];
    files.insert("Cargo.toml".into(), workspace_manifest(root, &members, 1)?);
    files.insert("Cargo.lock".into(), read(&root.join("Cargo.lock"))?);
    files.insert("adapter/Cargo.toml".into(), ADAPTER_MANIFEST.to_owned());
    let sources = [
        ("main", include_str!("adapter.rs.in")),
        ("lis", include_str!("lis.rs.in")),
    ];
    for (name, template) in sources {
        files.insert(
            format!("adapter/src/{name}.rs").into(),
            filled(root, template, mutants),
        );
    }
    Ok(files)
}

/// The sources of a crate with every place of its mutants turned into a choice, by their paths in the workspace.
pub(super) fn woven(
    root: &Path,
    member: &str,
    mutants: &[Mutant],
) -> Result<BTreeMap<PathBuf, String>, MutantError> {
    let source = root.join(member).join("src");
    let mut all = mutants
        .iter()
        .flat_map(|one| one.places().map(move |place| (one, place)));
    let lost = all.find(|(_, (file, ..))| !source.join(file).is_file());
    if let Some((lost, (file, find, _))) = lost {
        return Err(MutantError::Place {
            id: lost.id.clone(),
            file: file.to_owned(),
            times: 0,
            find: find.to_owned(),
        });
    }
    let mut files = sources(root, member)?;
    for (path, text) in &mut files {
        let file = path.strip_prefix(member).unwrap_or(path);
        let file = file.strip_prefix("src").unwrap_or(file);
        *text = weave(file, text, mutants)?;
        if file == Path::new("lib.rs") {
            text.push_str("\npub mod mutant;\n");
        }
    }
    let switch = Path::new(member).join("src/mutant.rs");
    files.insert(switch, SWITCH.to_owned());
    Ok(files)
}

/// The sources of a crate, by their paths in the workspace.
pub(super) fn sources(root: &Path, member: &str) -> Result<BTreeMap<PathBuf, String>, MutantError> {
    let mut files = BTreeMap::new();
    for path in files_below(&root.join(member).join("src"))? {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = read(&path)?;
            files.insert(path.strip_prefix(root).unwrap_or(&path).to_owned(), text);
        }
    }
    Ok(files)
}

/// The manifest of a crate without what only its tests need.
pub(super) fn manifest(root: &Path, member: &str) -> Result<String, MutantError> {
    let mut manifest = read_table(&root.join(member).join("Cargo.toml"))?;
    for part in ["dev-dependencies", "bench", "test", "example"] {
        manifest.remove(part);
    }
    Ok(manifest.to_string())
}

/// The workspace's manifest with these members, and with lints that let odd code pass.
pub(super) fn workspace_manifest(
    root: &Path,
    members: &[&str],
    opt_level: u8,
) -> Result<String, MutantError> {
    let mut manifest = read_table(&root.join("Cargo.toml"))?;
    manifest.remove("profile");
    let Some(Value::Table(workspace)) = manifest.get_mut("workspace") else {
        return Err(MutantError::Data {
            path: root.join("Cargo.toml"),
            reason: "no [workspace]".to_owned(),
        });
    };
    let list = members.iter().map(|name| Value::String((*name).to_owned()));
    workspace.insert("members".to_owned(), Value::Array(list.collect()));
    workspace.remove("default-members");
    if let Some(Value::Table(dependencies)) = workspace.get_mut("dependencies") {
        dependencies.retain(|_, dependency| {
            let path = dependency.get("path").and_then(Value::as_str);
            path.is_none_or(|path| members.contains(&path))
        });
    }
    let lints = [("unsafe_code", "forbid"), ("warnings", "allow")];
    let lints: Table = lints
        .map(|(lint, level)| (lint.to_owned(), Value::String(level.to_owned())))
        .into_iter()
        .collect();
    let lints = Table::from_iter([("rust".to_owned(), Value::Table(lints))]);
    workspace.insert("lints".to_owned(), Value::Table(lints));
    let mut text = manifest.to_string();
    text.push_str(&format!(
        "\n[profile.dev]\nopt-level = {opt_level}\ndebug = 0\n"
    ));
    Ok(text)
}

const ADAPTER_MANIFEST: &str = "\
[package]
name = \"mutant-adapter\"
version.workspace = true
edition.workspace = true
publish = false

[[bin]]
name = \"mutant-adapter\"
path = \"src/main.rs\"

[[bin]]
name = \"mutant-lis\"
path = \"src/lis.rs\"

[dependencies]
distributed-mars.workspace = true
serde.workspace = true
serde_json.workspace = true

[lints]
workspace = true
";

/// The source of a program: the project's own adapter or simulation, behind a switch.
fn filled(root: &Path, template: &str, mutants: &[Mutant]) -> String {
    let ids: Vec<&str> = mutants.iter().map(|mutant| mutant.id.as_str()).collect();
    let path = |below: &str| format!("{:?}", root.join(below));
    template
        .replace("@ADAPTER@", &path("conformance/src/adapter/mod.rs"))
        // One of several files of that folder: the closing quote is the template's.
        .replace("@LIS@", path("impl/examples/lis/").trim_end_matches('"'))
        .replace("@MUTANTS@", &format!("{ids:?}"))
}

/// Names the content of all files that go into the program (64-bit FNV-1a).
pub(super) fn digest(
    root: &Path,
    files: &BTreeMap<PathBuf, String>,
) -> Result<String, MutantError> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut take = |octets: &[u8]| {
        // The length keeps neighbours apart.
        let length = octets.len().to_be_bytes();
        for octet in octets.iter().chain(&length) {
            hash = (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for (path, text) in files {
        take(path.to_string_lossy().as_bytes());
        take(text.as_bytes());
    }
    for folder in ["conformance/src/adapter", "impl/examples/lis"] {
        for path in files_below(&root.join(folder))? {
            take(path.to_string_lossy().as_bytes());
            take(read(&path)?.as_bytes());
        }
    }
    Ok(format!("{hash:016x}"))
}

/// Makes the folder hold these files; those that are so already stay untouched, for cargo's sake.
pub(super) fn write_all(
    folder: &Path,
    files: &BTreeMap<PathBuf, String>,
) -> Result<(), MutantError> {
    for (file, text) in files {
        let path = folder.join(file);
        // Cargo rewrites the lock for the smaller workspace; any outcome of that is good.
        if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| MutantError::io(parent, &error))?;
        }
        fs::write(&path, text).map_err(|error| MutantError::io(&path, &error))?;
    }
    Ok(())
}

pub(super) fn compile(workspace: &Path, program: &str) -> Result<(), MutantError> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .current_dir(workspace)
        .args([
            "build",
            "--offline",
            "--quiet",
            "-p",
            program,
            "--target-dir",
            "target",
        ])
        // Flags of the outer build, such as those of a sanitizer, are not for this one.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .map_err(|error| MutantError::io(Path::new(&cargo), &error))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines
        .get(lines.len().saturating_sub(60)..)
        .unwrap_or_default();
    Err(MutantError::Compile {
        output: last.join("\n"),
    })
}

/// Copies the program to its place, whole or not at all.
pub(super) fn publish(from: &Path, to: &Path) -> Result<(), MutantError> {
    let failed = |error| MutantError::io(to, &error);
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let partial = to.with_extension("new");
    fs::copy(from, &partial).map_err(failed)?;
    fs::rename(&partial, to).map_err(failed)
}

/// All files below a folder, sorted.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, MutantError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let failed = |error| MutantError::io(&folder, &error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

pub(super) fn read(path: &Path) -> Result<String, MutantError> {
    fs::read_to_string(path).map_err(|error| MutantError::io(path, &error))
}

fn read_table(path: &Path) -> Result<Table, MutantError> {
    read(path)?
        .parse()
        .map_err(|error: toml::de::Error| MutantError::Data {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })
}
