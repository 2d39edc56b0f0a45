//! Where a look ends, and that it says so.
//!
//! Must not know: repacking.

use std::io::Read as _;

use super::make::{gzip, tar_of};
use super::*;

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
fn every_kind_that_is_not_unpacked_is_told() {
    for (head, name) in OTHERS {
        let file = [head, if head == b"BZh" { &b"91AY&SY"[..] } else { b"" }, &[7; 600]].concat();
        assert_eq!(seen(&file).unseen, [Unseen { place: String::new(), why: Why::Kind(name) }]);
        assert_eq!(looks_like(&file[..8.min(file.len())]), Some(Kind::Other(name)), "by its first bytes alone");
    }
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
