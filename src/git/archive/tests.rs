//! Archives of every nesting, and bytes made by chance.

#![allow(clippy::cast_possible_truncation, reason = "lengths of small archives")]

use std::io::{Read as _, Write as _};

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use proptest::prelude::*;

use super::*;
use crate::git::needle::Needles;

fn key() -> String {
    format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(12))
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn tar_header(name: &str, kind: u8, size: usize) -> Vec<u8> {
    let mut block = vec![0; tar::BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    tar::resummed(block).unwrap()
}

fn tar_of(files: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, content) in files {
        out.extend(tar_header(name, *kind, content.len()));
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(tar::BLOCK), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// `stored`: as it is, not deflated. `late`: sizes come after the data.
fn zip_of(files: &[(&str, &[u8])], stored: bool, late: bool) -> Vec<u8> {
    let (mut out, mut records) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        let packed = if stored { content.to_vec() } else { encoder.finish().unwrap() };
        let sizes: Vec<u8> = [crc(content), packed.len() as u32, content.len() as u32].map(u32::to_le_bytes).concat();
        let offset = out.len() as u32;
        let method: u16 = if stored { 0 } else { 8 };
        let flags: u16 = if late { 8 } else { 0 };
        let front = [[20, 0], flags.to_le_bytes(), method.to_le_bytes(), [1, 2], [3, 4]].concat();
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&front);
        out.extend_from_slice(if late { &[0; 12] } else { &sizes });
        out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&packed);
        if late {
            out.extend_from_slice(b"PK\x07\x08");
            out.extend_from_slice(&sizes);
        }
        records.extend_from_slice(b"PK\x01\x02\x14\0");
        records.extend_from_slice(&front);
        records.extend_from_slice(&sizes);
        records.extend_from_slice(&(name.len() as u16).to_le_bytes());
        records.extend_from_slice(&[0; 12]);
        records.extend_from_slice(&offset.to_le_bytes());
        records.extend_from_slice(name.as_bytes());
    }
    let (start, len) = (out.len() as u32, records.len() as u32);
    out.extend(records);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[(files.len() as u16).to_le_bytes(), (files.len() as u16).to_le_bytes()].concat());
    out.extend_from_slice(&[len.to_le_bytes(), start.to_le_bytes()].concat());
    out.extend_from_slice(&[0, 0]);
    out
}

fn unzip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let directory = zip::directory(bytes, 1000).unwrap();
    let one = |file: &zip::File| {
        let data = &bytes[file.data.clone()];
        let mut content = Vec::new();
        match file.method {
            0 => content.extend_from_slice(data),
            _ => drop(flate2::read::DeflateDecoder::new(data).read_to_end(&mut content).unwrap()),
        }
        assert_eq!(zip::u32_at(bytes, file.record.start + 16), Some(crc(&content)));
        assert_eq!(content.len() as u64, file.size);
        (String::from_utf8(file.name.clone()).unwrap(), content)
    };
    directory.files.iter().map(one).collect()
}

fn seen(bytes: &[u8]) -> Looked {
    let key = key();
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    search(&needles.search(), bytes, &Bounds::new(&|| false))
}

fn places(bytes: &[u8]) -> Vec<String> {
    seen(bytes).inside.iter().map(ToString::to_string).collect()
}

fn clean(bytes: &[u8]) -> std::result::Result<Option<Vec<u8>>, repack::No> {
    let key = key();
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    repacked(&needles.search(), bytes, &Bounds::new(&|| false))
}

fn env() -> Vec<u8> {
    format!("A=1\nK={}\n", key()).into_bytes()
}

const WANT: &[u8] = b"A=1\nK=REMOVED-BY-STANCH\n";

#[test]
fn a_gzip_and_its_repacking() {
    let packed = gzip(&env());
    assert_eq!(looks_like(&packed), Some(Kind::Gzip));
    assert_eq!(places(&packed), ["gzip: plain"]);
    let new = clean(&packed).unwrap().unwrap();
    assert_eq!(gunzip(&new), WANT);
    assert_eq!(new[..10], packed[..10]);
    assert_eq!(clean(&packed).unwrap().unwrap(), new, "the same each time");
    assert_eq!(clean(&gzip(b"nothing")), Ok(None));
    // Several members: seen, and left alone.
    let two = [gzip(b"one"), packed].concat();
    assert_eq!(places(&two), ["gzip: plain"]);
    assert!(clean(&two).unwrap_err().contains("members"));
}

#[test]
fn a_zip_stored_deflated_and_with_sizes_that_come_late() {
    let env = env();
    let other = b"other ".repeat(300);
    for stored in [true, false] {
        for late in [true, false] {
            let packed = zip_of(&[("a.txt", &other), ("app/.env", &env), ("z.txt", b"z")], stored, late);
            assert_eq!(places(&packed)[..1], ["zip > app/.env: plain"], "{stored} {late}");
            let new = clean(&packed).unwrap().unwrap();
            let want = [("a.txt", &other[..]), ("app/.env", WANT), ("z.txt", b"z")];
            assert_eq!(unzip(&new), want.map(|(n, c)| (n.to_owned(), c.to_vec())));
            // With a program before it, whose offsets count from the zip's start.
            let carried = [b"#!/bin/sh\nexec x\n".as_slice(), &packed].concat();
            assert_eq!(looks_like(&carried), Some(Kind::Zip));
            let new = clean(&carried).unwrap().unwrap();
            assert!(new.starts_with(b"#!/bin/sh") && unzip(&new)[1].1 == WANT);
        }
    }
}

#[test]
fn nestings_of_all_kinds() {
    let env = env();
    let layer = tar_of(&[("etc/app/.env", b'0', &env), ("etc/link", b'2', b"")]);
    let image = tar_of(&[("manifest.json", b'0', b"[]"), ("abc/layer.tar", b'0', &layer)]);
    assert_eq!(places(&gzip(&image)), ["gzip > tar > abc/layer.tar > tar > etc/app/.env: plain"]);
    let jar = zip_of(&[("WEB-INF/app.properties", &env)], false, false);
    let war = tar_of(&[("lib/x.jar", b'0', &jar), ("logs.gz", b'0', &gzip(&env))]);
    assert_eq!(places(&war), ["tar > lib/x.jar > zip > WEB-INF/app.properties: plain", "tar > logs.gz > gzip: plain"]);
    let new = clean(&gzip(&war)).unwrap().unwrap();
    let looked = seen(&new);
    assert!(looked.inside.is_empty() && looked.unseen.is_empty(), "{looked:?}");
    let tar = gunzip(&new);
    let size = usize::try_from(tar::Header::read(&tar[..512]).unwrap().size).unwrap();
    assert_eq!(unzip(&tar[512..512 + size])[0].1, WANT);
}

#[test]
fn names_in_tar_and_zip() {
    let key = key();
    let long = format!("{}/{key}", "d".repeat(120));
    let pax = format!("{} path={long}\n", long.len() + 10);
    let tar = tar_of(&[
        ("././@LongLink", b'L', format!("{long}\0").as_bytes()),
        ("short", b'0', b"x"),
        ("pax", b'x', pax.as_bytes()),
        ("short", b'0', &env()),
        (&key, b'0', b"y"),
    ]);
    let found = seen(&tar);
    assert!(found.inside.iter().all(|i| !i.place.contains(&key)), "{found:?}");
    assert!(found.inside.iter().any(|i| i.place.ends_with("/[leaked]")), "{found:?}");
    let new = clean(&tar).unwrap().unwrap();
    assert!(seen(&new).inside.is_empty() && seen(&new).unseen.is_empty());
    let zip = zip_of(&[(&key, b"x")], false, false);
    assert!(unzip(&clean(&zip).unwrap().unwrap())[0].0.starts_with("REMOVED-BY-STANCH---"));
}

#[test]
fn what_is_not_looked_into_is_told() {
    let xz = b"\xfd7zXZ\0 and so on".to_vec();
    assert_eq!(seen(&xz).unseen, [Unseen { place: String::new(), why: Why::Kind("xz") }]);
    let inside = seen(&tar_of(&[("a.tar.xz", b'0', &xz)]));
    assert_eq!(inside.unseen, [Unseen { place: "tar > a.tar.xz".into(), why: Why::Kind("xz") }]);
    let cut = gzip(&b"x".repeat(100_000));
    assert_eq!(seen(&cut[..cut.len() - 20]).unseen[0].why, Why::Damaged);
    assert!(looks_like(b"BZh is how this text begins").is_none());
    // Far too deep: the key under twenty layers.
    let deep = (0..20).fold(env(), |inner, _| gzip(&inner));
    let looked = seen(&deep);
    assert!(looked.inside.is_empty() && matches!(looked.unseen[0].why, Why::Bound(_)));
}

#[test]
fn a_bomb_ends_at_its_bound() {
    let key = key();
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    let bounds = Bounds { free: 1 << 20, ratio: 50, ..Bounds::new(&|| false) };
    let packed = gzip(&vec![0; 8 << 20]);
    let looked = search(&needles.search(), &packed, &bounds);
    assert!(looked.bytes <= (1 << 20) + (1 << 19), "{}", looked.bytes);
    assert!(matches!(looked.unseen[..], [Unseen { why: Why::Bound(_), .. }]));
    let many: Vec<(&str, u8, &[u8])> = vec![("f", b'0', b""); 50];
    let looked = search(&needles.search(), &tar_of(&many), &Bounds { files: 10, ..bounds });
    assert!(matches!(looked.unseen[..], [Unseen { why: Why::Bound("files"), .. }]));
    let looked = search(&needles.search(), &packed, &Bounds::new(&|| true));
    assert_eq!(looked.unseen.len(), 1);
}

#[test]
fn a_stream_is_searched_across_its_seams() {
    let key = key();
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    // Forty megabytes that are never in memory at once, the key at each offset around a block's edge.
    for shift in [1u64, 50] {
        let before = (1u64 << 18) * 150 + needles.search().reach() as u64 - shift;
        let mut text =
            std::io::repeat(b'x').take(before).chain(key.as_bytes()).chain(std::io::repeat(b'y').take(1 << 20));
        let mut hits = Vec::new();
        let bytes = needles.search().stream(&mut text, &mut hits).unwrap();
        assert_eq!(bytes, before + key.len() as u64 + (1 << 20));
        assert_eq!(hits.iter().map(|hit| hit.start as u64).collect::<Vec<_>>(), [before]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_by_chance_and_broken_archives_never_panic(
        noise in prop::collection::vec(any::<u8>(), 0..600), at in any::<prop::sample::Index>(),
        spots in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), cut in any::<prop::sample::Index>(),
    ) {
        let env = env();
        let tar = tar_of(&[("a", b'0', &env), ("b", b'x', b"20 path=some/where\n"), ("c", b'0', b"c")]);
        let zip = zip_of(&[("a", &env), ("b", b"b")], at.index(2) == 0, at.index(4) < 2);
        for whole in [tar.clone(), zip.clone(), gzip(&tar), tar_of(&[("z", b'0', &zip)]), zip_of(&[("t", &tar)], false, true)] {
            let mut broken = whole.clone();
            for (spot, byte) in &spots {
                let i = spot.index(broken.len());
                broken[i] = *byte;
            }
            let _ = (seen(&broken), clean(&broken));
            broken.truncate(cut.index(broken.len()));
            let _ = (seen(&broken), clean(&broken));
        }
        for head in [&b"\x1f\x8b\x08"[..], b"PK\x03\x04", b""] {
            let _ = (seen(&[head, &noise].concat()), clean(&[head, &noise].concat()));
        }
        let end = [&noise[..], b"PK\x05\x06", &noise[..noise.len().min(16)], &[0, 0]].concat();
        let _ = (seen(&end), clean(&end));
    }
}

/// A Helm release as Kubernetes keeps it: JSON with a Secret in it, gzip, base64, and base64 of the Secret's data.
fn helm() -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let json = format!("{{\"manifest\":\"data:\\n  key: {}\\n\"}}", STANDARD.encode(format!("user:{}", key())));
    STANDARD.encode(STANDARD.encode(gzip(json.as_bytes())))
}

#[test]
fn packed_in_base64_in_a_text() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let secret = format!("data:\n  release: {}\nkind: Secret\n", helm());
    assert_eq!(looks_like(secret.as_bytes()), None);
    assert_eq!(places(secret.as_bytes()), ["base64 > base64 > gzip: base64"]);
    let new = String::from_utf8(clean(secret.as_bytes()).unwrap().unwrap()).unwrap();
    let (head, tail) = (new.strip_prefix("data:\n  release: ").unwrap(), "\nkind: Secret\n");
    let gz = STANDARD.decode(STANDARD.decode(head.strip_suffix(tail).unwrap()).unwrap()).unwrap();
    assert!(String::from_utf8(gunzip(&gz)).unwrap().starts_with("{\"manifest\":\"data:\\n  key: "));
    assert!(places(new.as_bytes()).is_empty());
    // Terraform's base64gzip, wrapped; a zip for a function; the key in the open beside it.
    let coded = STANDARD.encode(gzip(&env()));
    let lines: Vec<&str> = coded.as_bytes().chunks(40).map(|c| std::str::from_utf8(c).unwrap()).collect();
    let zip = URL_SAFE_NO_PAD.encode(zip_of(&[("app/.env", &env())], false, false));
    let text = format!("data = \"{}\"\nzip: {zip},\nk={}\n", lines.join("\n    "), key());
    assert_eq!(places(text.as_bytes()), ["base64 > gzip: plain", "base64 > zip > app/.env: plain"]);
    let new = String::from_utf8(clean(text.as_bytes()).unwrap().unwrap()).unwrap();
    assert!(new.ends_with(",\nk=REMOVED-BY-STANCH\n") && places(new.as_bytes()).is_empty(), "{new}");
    let inner = new.strip_prefix("data = \"").unwrap().split('"').next().unwrap();
    assert!(inner.lines().all(|line| line.trim().len() <= 40));
    assert_eq!(gunzip(&STANDARD.decode(inner.replace("\n    ", "")).unwrap()), WANT);
    // In an archive as well, and with nothing in it.
    let tar = tar_of(&[("values.yaml", b'0', text.as_bytes())]);
    assert_eq!(
        places(&tar),
        [
            "tar > values.yaml: plain",
            "tar > values.yaml > base64 > gzip: plain",
            "tar > values.yaml > base64 > zip > app/.env: plain"
        ]
    );
    let new = clean(&tar).unwrap().unwrap();
    assert!(seen(&new).inside.is_empty());
    for nothing in ["as in H4sIAAAAAAAA and SDRzSUFB, or UEsDBA==", "H4sI", "SDRz", "UEsD"] {
        assert_eq!(seen(nothing.as_bytes()), Looked { bytes: 0, ..Looked::default() }, "{nothing}");
    }
}

#[test]
fn packed_after_something_else() {
    let script = [b"#!/bin/sh\ntail -n +3 $0 | tar xz\n".as_slice(), &gzip(&tar_of(&[("e", b'0', &env())]))].concat();
    assert_eq!(looks_like(&script), None);
    assert_eq!(places(&script), ["at byte 33 > gzip > tar > e: plain"]);
    assert!(clean(&script).unwrap_err().contains("in the middle"));
    // A zip with something before and after it.
    let zip = zip_of(&[("app/.env", &env())], false, false);
    let both = [b"#!/bin/sh\n".as_slice(), &zip, b"signature"].concat();
    assert_eq!(places(&both), ["zip > app/.env: plain"]);
}

#[test]
fn all_forms_are_searched_inside_of_archives_too() {
    let wide: Vec<u8> = format!("k={}\n", key()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(places(&tar_of(&[("w", b'0', &wide)])).contains(&"tar > w: utf-16le".to_owned()));
}

#[test]
fn every_kind_that_is_not_unpacked_is_told() {
    for (head, name) in OTHERS {
        let file = [head, if head == b"BZh" { &b"91AY&SY"[..] } else { b"" }, &[7; 600]].concat();
        assert_eq!(seen(&file).unseen, [Unseen { place: String::new(), why: Why::Kind(name) }]);
        assert_eq!(looks_like(&file[..8.min(file.len())]), Some(Kind::Other(name)), "by its first bytes alone");
    }
}
