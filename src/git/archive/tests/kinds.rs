//! Each format and their nestings: what is found, and what repacking leaves.
//!
//! Must not know: what lies in the middle of other files, bounds.

use super::make::{gunzip, gzip, tar_of, unzip, zip_of};
use super::*;

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
fn all_forms_are_searched_inside_of_archives_too() {
    let wide: Vec<u8> = format!("k={}\n", key()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(places(&tar_of(&[("w", b'0', &wide)])).contains(&"tar > w: utf-16le".to_owned()));
}
