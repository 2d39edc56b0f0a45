//! Several keys at once, keys that overlap, and files too large to be looked at in one piece.

use std::io::Write as _;

use stanch::git::{self, Ask};

use crate::gitrepo::World;

const MARK: &str = "REMOVED-BY-STANCH";

fn with_keys<T>(world: &World, keys: &[&str], work: impl FnOnce(&Ask<'_>) -> T) -> T {
    let backup = world.backup();
    let keys: Vec<&[u8]> = keys.iter().map(|k| k.as_bytes()).collect();
    work(&Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &|_| {} })
}

#[test]
fn overlapping_keys_leave_no_tail() {
    let world = World::new();
    let short = format!("sk_{}_{}", "live", "aB3xQ9zLm2");
    let long = format!("{short}defK7");
    let other = format!("gh{}_{}", "p", "Zq8Wm3Lx0Vt5Rk2");
    world.write("f", format!("a={short}\nb={long}\nc={other}\nd={long}{other}\n"));
    world.commit(&format!("both {long} {other}"));
    let keys = [short.as_str(), &long, &other];
    let plan = with_keys(&world, &keys, |ask| git::plan(ask).unwrap());
    with_keys(&world, &keys, |ask| git::apply(ask, &plan.id).unwrap());
    let want = format!("a={MARK}\nb={MARK}\nc={MARK}\nd={MARK}{MARK}\n");
    assert_eq!(String::from_utf8(world.read("f")).unwrap(), want);
    assert_eq!(world.git(&["log", "-1", "--format=%s"]), format!("both {MARK} {MARK}"));
    for key in keys {
        assert!(world.copies(key).is_empty());
    }
}

#[test]
fn a_large_file_with_the_key_across_a_blocks_edge() {
    let world = World::new();
    let mut file = std::io::BufWriter::new(std::fs::File::create(world.repo.join("large.txt")).unwrap());
    let line = format!("{}\n", "line of text ".repeat(5));
    let edge = (40 << 20) / 65536 * 65536;
    for _ in 0..(edge - 20) / line.len() {
        file.write_all(line.as_bytes()).unwrap();
    }
    write!(file, "{}k={}\nend\n", "x".repeat((edge - 20) % line.len()), world.key).unwrap();
    file.flush().unwrap();
    drop(file);
    world.commit("large");
    for packed in [false, true] {
        if packed {
            world.git(&["repack", "-adq"]);
        }
        let map = world.find();
        assert_eq!(map.copies.len(), 1);
        assert_eq!(map.copies[0].path.as_deref(), Some("large.txt"));
    }
    let plan = world.plan();
    assert_eq!(plan.diff.len(), 2, "{:?}", plan.diff);
    assert!(plan.diff[0].len() < 300 && plan.diff[0].ends_with("k=[leaked]"), "{:?}", plan.diff);
    world.apply(&plan.id);
    let text = world.read("large.txt");
    assert!(text.ends_with(format!("k={MARK}\nend\n").as_bytes()));
    assert!(world.find().copies.is_empty());
}

/// What `program` writes when it is given `input`.
fn through(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    use std::process::{Command, Stdio};
    let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || pipe.write_all(&input).unwrap());
    let out = child.wait_with_output().unwrap();
    feed.join().unwrap();
    assert!(out.status.success(), "{program} {args:?}");
    out.stdout
}

fn base64(bytes: &[u8]) -> String {
    String::from_utf8(through("base64", &["-w0"], bytes)).unwrap()
}

#[test]
fn what_kubernetes_docker_powershell_and_c_make_of_a_key() {
    let world = World::new();
    let login = base64(format!("ci:{}", world.key).as_bytes());
    let docker = format!("{{\"auths\":{{\"registry.example\":{{\"auth\":\"{login}\"}}}}}}");
    world.write("docker/config.json", &docker);
    world.write("k8s/secret.yaml", format!("data:\n  .dockerconfigjson: {}\n", base64(docker.as_bytes())));
    let wrapped = through("base64", &[], docker.as_bytes());
    world.write("k8s/wrapped.txt", wrapped);
    let script: Vec<u8> = format!("$env:KEY = '{}'", world.key).encode_utf16().flat_map(u16::to_le_bytes).collect();
    world.write("run.cmd", format!("powershell -EncodedCommand {}\r\n", base64(&script)));
    let bytes: Vec<String> = world.key.bytes().map(|b| format!("0x{b:02x}")).collect();
    let lines: Vec<String> = bytes.chunks(12).map(|line| line.join(", ")).collect();
    world.write("key.h", format!("unsigned char key[] = {{\n  {}\n}};\n", lines.join(",\n  ")));
    world.commit("written by tools");
    let mut seen: Vec<(String, String)> =
        world.find().copies.iter().map(|c| (c.path.clone().unwrap_or_default(), c.form.clone())).collect();
    seen.sort();
    let want = [
        ("docker/config.json", "base64"),
        ("k8s/secret.yaml", "base64 of base64"),
        ("k8s/wrapped.txt", "base64 of base64"),
        ("key.h", "hex, byte by byte"),
        ("run.cmd", "base64 of utf-16le"),
    ];
    assert_eq!(seen, want.map(|(path, form)| (path.to_owned(), form.to_owned())));
    let plan = world.plan();
    world.apply(&plan.id);
    world.clean();
    let secret = String::from_utf8(world.read("k8s/secret.yaml")).unwrap();
    let json =
        through("base64", &["-d"], secret.trim_start_matches("data:\n  .dockerconfigjson: ").trim_end().as_bytes());
    let json = String::from_utf8(json).unwrap();
    assert_eq!(json.len(), docker.len());
    let login = json.split('"').nth(7).unwrap();
    let login = String::from_utf8_lossy(&through("base64", &["-d"], login.as_bytes())).into_owned();
    // The first and the last character share theirs with what is around them.
    assert!(login.starts_with("ci:") && login.contains("EMOVED-BY-STANCH----"), "{login}");
}

#[test]
fn a_helm_release_is_unpacked_and_packed_anew() {
    use stanch::effect::git::{Archives, Policy};
    let world = World::new();
    let values = format!("{{\"manifest\":\"data:\\n  key: {}\"}}", base64(format!("user:{}", world.key).as_bytes()));
    let release = base64(base64(&through("gzip", &["-nc"], values.as_bytes())).as_bytes());
    let yaml = |release: &str| {
        format!("apiVersion: v1\nkind: Secret\ndata:\n  release: {release}\ntype: helm.sh/release.v1\n")
    };
    world.write("backup.yaml", yaml(&release));
    world.commit("backup of the cluster");
    // Again as a delta, which nobody builds unless it must be looked into.
    world.write("backup.yaml", yaml(&release) + &"# one more line\n".repeat(20));
    world.commit("later");
    world.git(&["repack", "-adfq"]);
    let copies = world.find().copies;
    assert_eq!(copies.len(), 2, "{copies:?}");
    assert!(copies.iter().all(|c| c.form == "base64 > base64 > gzip: base64"), "{copies:?}");
    assert!(!world.plan().refusals.is_empty(), "a person chooses");
    let policy = Policy { archives: Archives::Repack, ..Policy::default() };
    let plan = world.ask(|ask| git::plan_as(ask, policy)).unwrap();
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    world.apply(&plan.id);
    world.clean();
    let text = String::from_utf8(world.read("backup.yaml")).unwrap();
    let code = text.split("release: ").nth(1).unwrap().lines().next().unwrap();
    let unpacked = through("gzip", &["-dc"], &through("base64", &["-d"], &through("base64", &["-d"], code.as_bytes())));
    let want = values.split("key: ").next().unwrap();
    assert!(unpacked.starts_with(want.as_bytes()) && unpacked.len() == values.len());
    assert!(text.ends_with("# one more line\n"));
}

#[test]
fn a_tar_that_is_stored_as_a_delta_and_a_zip_with_a_comment_after_a_program() {
    let world = World::new();
    let other = World::new();
    // Noise that git has a delta for, but no compression.
    let noise: Vec<u8> = (0..60_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    other.write("noise", &noise);
    other.write("x.gz", through("gzip", &["-nc"], format!("k={}\n", world.key).as_bytes()));
    other.commit("files");
    let pack = |format: &str| {
        let file = other.temp().join("out");
        other.git(&["archive", &format!("--format={format}"), &format!("--output={}", file.display()), "HEAD"]);
        std::fs::read(file).unwrap()
    };
    let (first, zip) = (pack("tar"), pack("zip"));
    other.write("readme", "one more\n");
    other.commit("more");
    let second = pack("tar");
    world.write("image.tar", &first);
    world.commit("one");
    world.write("image.tar", &second);
    world.commit("two");
    world.git(&["repack", "-adfq"]);
    assert!(
        world
            .git(&["verify-pack", "-v", &pack_index(&world)])
            .lines()
            .any(|l| l.contains("blob") && l.split(' ').count() > 7)
    );
    let mut carried = [b"#!/bin/sh\nexec java -jar $0\n".as_slice(), &zip].concat();
    let end = carried.len() - 2;
    carried[end..].copy_from_slice(&[7, 0]);
    carried.extend_from_slice(b"comment");
    world.write("run.jar", carried);
    world.commit("program");
    let copies = world.find().copies;
    let forms: Vec<&str> = copies.iter().map(|c| c.form.as_str()).collect();
    assert_eq!(forms.iter().filter(|f| **f == "tar > x.gz > gzip: plain").count(), 2, "{forms:?}");
    assert!(forms.contains(&"zip > x.gz > gzip: plain"), "{forms:?}");
}

fn pack_index(world: &World) -> String {
    let packs = std::fs::read_dir(world.repo.join(".git/objects/pack")).unwrap();
    let index = packs.map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "idx")).unwrap();
    index.to_str().unwrap().to_owned()
}
