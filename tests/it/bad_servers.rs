//! Providers that misbehave, met through the built program: the verdict is "unknown" with a reason, reads end, and the
//! incident stays whole. How each answer is taken apart is tested beside the HTTP driver.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use crate::program::{Home, Ran, key};

/// A server on this machine. `answer` gets each request's first line and writes what it likes. Every request is told.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (told, asked) = channel();
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, told, answer) = (stream.unwrap(), told.clone(), answer.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                let mut head = String::new();
                while head != "\r\n" {
                    head.clear();
                    if reader.read_line(&mut head).unwrap_or(0) == 0 {
                        return;
                    }
                }
                let _ = told.send(line.clone());
                answer(line.trim_end(), &mut stream);
            });
        }
    });
    (url, asked)
}

fn reply(stream: &mut TcpStream, status: &str, kind: &str, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

fn check(url: &str) -> Ran {
    let home = Home::new().with("STANCH_OPENAI_BASE_URL", url);
    let file = home.file("leaked", key(1));
    let ran = home.run(&["check", "--json", "--key-file", &file]);
    ran.hides(&key(1));
    ran
}

#[test]
fn what_can_not_be_understood_is_unknown_and_says_why() {
    let refused = r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#;
    let echo = format!(r#"{{"error":{{"message":"what is {}?","code":"odd"}}}}"#, key(1));
    let cases: [(&str, &str, &str, i32, &str); 9] = [
        ("200 OK", "application/json", r#"{"object":"list","data":[]}"#, 3, "live"),
        ("401 Unauthorized", "application/json", refused, 0, "dead"),
        ("401 Unauthorized", "text/html", "<html>log in to the hotel's network</html>", 4, "unknown"),
        ("401 Unauthorized", "application/json", "[]", 4, "unknown"),
        ("404 Not Found", "text/html", "<html>no such page</html>", 4, "unknown"),
        ("500 Internal Server Error", "application/json", "", 4, "unknown"),
        ("503 Service Unavailable", "text/plain", "later", 4, "unknown"),
        ("302 Found\r\nlocation: http://127.0.0.1:9/", "text/plain", "", 4, "unknown"),
        ("400 Bad Request", "application/json", &echo, 4, "unknown"),
    ];
    for (status, kind, body, code, verdict) in cases {
        let (status, kind, body) = (status.to_owned(), kind.to_owned(), body.to_owned());
        let words = format!("{status} {body}");
        let (url, asked) = serve(move |_, stream| reply(stream, &status, &kind, &body));
        let ran = check(&url);
        assert_eq!(ran.code, Some(code), "{words}: {ran:#?}");
        assert_eq!(ran.json()["verdict"], verdict, "{words}: {ran:#?}");
        assert!(!ran.json()["why"].as_str().unwrap().is_empty());
        assert_eq!(asked.try_iter().count(), 1, "a probe asks once");
    }
}

#[test]
fn a_page_that_is_no_answer_is_not_taken_for_a_live_key() {
    let (url, _asked) = serve(|_, stream| reply(stream, "200 OK", "text/html", "<html>welcome to the hotel</html>"));
    let ran = check(&url);
    assert_eq!((ran.code, &ran.json()["verdict"]), (Some(4), &"unknown".into()), "{ran:#?}");
}

#[test]
fn nobody_there_and_a_line_that_breaks_are_unknown() {
    let ran = check("http://127.0.0.1:9/v1");
    assert!(ran.code == Some(4) && ran.json()["why"].as_str().unwrap().contains("can't be reached"), "{ran:#?}");
    let (url, _asked) = serve(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{{\"obj");
    });
    assert_eq!(check(&url).code, Some(4));
}

/// A server that takes the request and says nothing: the program can be left at once.
#[test]
fn a_silent_server_can_be_left_with_ctrl_c() {
    let (url, asked) = serve(|_, stream| {
        let _ = stream.read(&mut [0]);
    });
    let home = Home::new().with("STANCH_OPENAI_BASE_URL", &url);
    let file = home.file("leaked", key(1));
    for args in [&["check", "--key-file", &file][..], &["respond", "--linear", "--key-file", &file]] {
        let mut command = home.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        asked.recv().unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let ran: Ran = child.wait_with_output().unwrap().into();
        assert_eq!(ran.code, Some(130), "{args:?} {ran:#?}");
    }
    let id = home.incidents().pop().unwrap();
    assert_eq!(home.run(&["status", &id]).code, Some(3), "the incident is whole and open");
}

/// With an admin key the program reads lists by itself. `page` is what every list answers.
fn lists(page: &'static str) -> (Ran, usize) {
    let (url, asked) = serve(move |line, stream| {
        if line.contains("/organization/") {
            reply(stream, "200 OK", "application/json", page);
        } else {
            reply(stream, "200 OK", "application/json", r#"{"object":"list","data":[]}"#);
        }
    });
    let admin = key(7).replacen("proj", "admin", 1);
    let home = Home::new().with("STANCH_OPENAI_BASE_URL", &url).with("OPENAI_ADMIN_KEY", &admin);
    let file = home.file("leaked", key(1));
    let ran = home.run(&["respond", "--linear", "--key-file", &file]);
    assert_eq!(ran.code, Some(3), "{ran:#?}");
    ran.hides(&key(1));
    ran.hides(&admin);
    let id = home.incidents().pop().unwrap();
    let journal = std::fs::read_to_string(home.journal(&id)).unwrap();
    assert!(!journal.contains(&admin) && !journal.contains(&key(1)));
    assert_eq!(home.run(&["replay", &id]).err, "", "the journal is whole");
    (ran, asked.try_iter().count())
}

#[test]
fn lists_of_the_wrong_shape_or_without_end_are_given_up_with_a_reason() {
    for page in [
        "<html>a proxy says hello</html>",
        "[]",
        r#"{"object":"list","data":"none"}"#,
        r#"{"object":"list","data":[{"id":7}],"has_more":false}"#,
    ] {
        let (ran, asked) = lists(page);
        assert!(ran.out.contains("not") || ran.out.contains("can't"), "{page}: {}", ran.out);
        assert!(asked < 20, "{page}: asked {asked} times");
    }
    let endless = r#"{"object":"list","data":[{"object":"organization.project","id":"proj_1","name":"a","created_at":1700000000,"status":"active"}],"first_id":"proj_1","last_id":"proj_1","has_more":true}"#;
    let (ran, asked) = lists(endless);
    assert!(asked < 2000, "asked {asked} times");
    assert!(ran.out.to_lowercase().contains("page"), "it says that the pages did not end: {}", ran.out);
}
