//! What is packed in the middle of a file.
//!
//! Must not know: bounds.

use super::make::{gunzip, gzip, tar_of, zip_of};
use super::*;

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
