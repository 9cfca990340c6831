use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{BufMut, BytesMut};
use tarpc::{ClientMessage, Request, Response, context, trace};
use tokio_util::codec::{Decoder, Encoder};

use super::*;
use crate::ids::Moment;

fn request(id: u64, message: Call) -> ClientMessage<Call> {
    ClientMessage::Request(Request {
        context: context::current(),
        id,
        message,
    })
}

fn server_end() -> (ServerCodec, Arc<AtomicBool>) {
    let trusted = Arc::new(AtomicBool::new(true));
    (ServerCodec::new(Arc::clone(&trusted)), trusted)
}

/// What the server's end makes of bytes.
fn read(bytes: &[u8]) -> std::io::Result<Option<ClientMessage<Call>>> {
    server_end().0.decode(&mut BytesMut::from(bytes))
}

#[test]
fn calls_and_replies_arrive_as_they_were_sent() {
    let (mut client, (mut server, _)) = (ClientCodec::new(), server_end());
    let mut line = BytesMut::new();
    let call = Call::encode(&HillviewRequest::ListTerms {}).unwrap();
    for id in 0..3 {
        client.encode(request(id, call.clone()), &mut line).unwrap();
        let Some(ClientMessage::Request(arrived)) = server.decode(&mut line).unwrap() else {
            panic!("no request");
        };
        assert_eq!(arrived.id, id);
        assert_eq!(arrived.message.decode(), Ok(HillviewRequest::ListTerms {}));

        let reply = HillviewResponse::ListTerms(Err(ApiError::denied("no").hint("ask")));
        let response = Response {
            request_id: id,
            message: Ok(Answer::encode(&reply).unwrap()),
        };
        server.encode(response, &mut line).unwrap();
        let arrived = client.decode(&mut line).unwrap().unwrap();
        assert_eq!(arrived.request_id, id);
        let answer = arrived.message.unwrap();
        assert_eq!(answer.decode(&call), Ok(reply));
        assert_eq!(answer.error().unwrap().code, "denied");
    }
    assert!(line.is_empty());
}

#[test]
fn giving_up_and_having_too_much_to_do_travel() {
    let (mut client, (mut server, _)) = (ClientCodec::new(), server_end());
    let mut line = BytesMut::new();
    let cancel = ClientMessage::Cancel {
        trace_context: trace::Context::default(),
        request_id: 7,
    };
    client.encode(cancel, &mut line).unwrap();
    let arrived = server.decode(&mut line).unwrap();
    assert!(matches!(
        arrived,
        Some(ClientMessage::Cancel { request_id: 7, .. })
    ));
    let busy = tarpc::ServerError::new(std::io::ErrorKind::WouldBlock, String::new());
    let response = Response {
        request_id: 7,
        message: Err(busy),
    };
    server.encode(response, &mut line).unwrap();
    assert!(client.decode(&mut line).unwrap().unwrap().message.is_err());
}

#[test]
fn an_unknown_call_keeps_its_name_and_its_refusal_reaches_who_knows_it() {
    let call = Call(
        rmp_serde::to_vec_named(&BTreeMap::from([("FlyKites", 1)]))
            .unwrap()
            .into(),
    );
    assert_eq!(call.method().as_deref(), Some("FlyKites"));
    let refused = call.decode().unwrap_err();
    assert_eq!(refused.kind, Kind::Unsupported);
    assert!(refused.message.contains("FlyKites"), "{refused}");

    let ping = Call::encode(&HillviewRequest::Ping {}).unwrap();
    let answer = Answer::refusal("Ping", &refused);
    let reply = HillviewResponse::Ping(Err(refused));
    assert_eq!(answer.decode(&ping), Ok(reply));
}

#[test]
fn an_answer_to_another_call_is_not_taken() {
    let ping = Call::encode(&HillviewRequest::Ping {}).unwrap();
    let answer = Answer::encode(&HillviewResponse::LogOut(Ok(()))).unwrap();
    assert_eq!(answer.decode(&ping).unwrap_err().code, "unreadable-answer");
}

#[test]
fn a_name_that_is_no_name_is_not_repeated() {
    for name in ["", "\u{1b}[31m", "with space", &"x".repeat(41)] {
        let call = Call(
            rmp_serde::to_vec_named(&BTreeMap::from([(name, 1)]))
                .unwrap()
                .into(),
        );
        assert_eq!(call.method(), None, "{name:?}");
        assert!(call.decode().is_err());
    }
}

#[test]
fn fields_may_be_added_and_left_out() {
    // What a newer client might send: one more field beside those known.
    let newer = BTreeMap::from([("Ping", BTreeMap::from([("colour", "red")]))]);
    let call = Call(rmp_serde::to_vec_named(&newer).unwrap().into());
    assert_eq!(call.decode(), Ok(HillviewRequest::Ping {}));
}

#[test]
fn the_first_frame_each_way_goes_unpacked() {
    let mut line = BytesMut::new();
    let mut client = ClientCodec::new();
    let call = Call::encode(&HillviewRequest::ListAssessments {}).unwrap();
    client.encode(request(0, call.clone()), &mut line).unwrap();
    let first = line.split();
    assert_eq!(first[4], 0);
    client.encode(request(1, call), &mut line).unwrap();
    assert_eq!(line[4], 1);
    assert!(line.len() < first.len());
}

/// What a connection's second call and its reply are packed with.
fn packed_with(client: &mut ClientCodec, server: &mut ServerCodec, theirs: &[u32]) -> [u8; 2] {
    let call = Call::encode(&HillviewRequest::ListTerms {}).unwrap();
    let reply = HillviewResponse::ListTerms(Err(ApiError::denied("no").hint("ask")));
    let mut marks = [0; 2];
    for id in 0..2 {
        let mut line = BytesMut::new();
        client.encode(request(id, call.clone()), &mut line).unwrap();
        let up = line[4];
        assert!(server.decode(&mut line).unwrap().is_some());
        let response = Response {
            request_id: id,
            message: Ok(Answer::encode(&reply).unwrap()),
        };
        server.encode(response, &mut line).unwrap();
        marks = [up, line[4]];
        assert!(client.decode(&mut line).unwrap().is_some());
        client.packing().choose(theirs);
    }
    marks
}

#[test]
fn either_end_may_be_the_older_one() {
    for (told, both) in [(vec![], 1), (vec![1], 1), (vec![2], 2), (vec![99], 1)] {
        let (mut client, (mut server, _)) = (ClientCodec::new(), server_end());
        let marks = packed_with(&mut client, &mut server, &told);
        assert_eq!(marks, [both; 2], "{told:?}");
    }
    // A server that says nothing about dictionaries has the first.
    let old = r#"{"protocol":1,"server":"0.1.0","time":0}"#;
    let welcome: crate::api::Welcome = serde_json::from_str(old).unwrap();
    assert_eq!(welcome.dictionary, 1);
}

#[test]
fn what_a_dictionary_stands_for_never_changes() {
    // Frames packed with it are read by ends of other ages: a new one gets a new number.
    let sums = pack::BYTES.map(|bytes| {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    });
    assert_eq!(sums, [0xea37_8ff1_a3ea_67e6, 0x4bab_51dd_1707_da01]);
}

#[test]
fn what_does_not_shrink_goes_as_it_is() {
    let mut noise = Vec::new();
    let mut state = 1_u32;
    for _ in 0..2_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push(u8::try_from(state >> 24).unwrap());
    }
    let mut line = BytesMut::new();
    pack::pack(2, &noise, &mut line).unwrap();
    assert_eq!(line.len(), noise.len() + 1);
    let back = pack::unpack(&line, |message| Ok(message.to_vec())).unwrap();
    assert_eq!(back, noise);
}

fn framed(mark: u8, body: &[u8]) -> BytesMut {
    let mut frame = BytesMut::new();
    frame.put_u32(u32::try_from(body.len() + 1).unwrap());
    frame.put_u8(mark);
    frame.put_slice(body);
    frame
}

#[test]
fn broken_frames_are_errors() {
    assert!(read(&[0, 0, 0, 0]).is_err(), "empty");
    assert!(read(&[255, 255, 255, 255, 1]).is_err(), "4 GiB");
    assert!(read(&framed(0, b"garbage")).is_err());
    assert!(read(&framed(1, b"garbage")).is_err());
    assert!(read(&framed(9, b"garbage")).is_err(), "unknown dictionary");
    assert!(read(b"GET / HTTP/1.1\r\n\r\n").is_err());
    assert!(read(&[0, 0, 0]).unwrap().is_none(), "cut in the length");
    assert!(read(&framed(0, b"xyz")[..6]).unwrap().is_none(), "cut");
}

#[test]
fn a_bomb_is_refused_before_it_has_unpacked() {
    let mut line = BytesMut::new();
    let big = vec![b'a'; FRAME_MAX];
    pack::pack(2, &big, &mut line).unwrap();
    assert!(line.len() < 100, "{}", line.len());
    assert!(pack::unpack(&line, |message| Ok(message.len())).is_ok());

    // The same block again and again: a frame of 60 kB that would unpack to far more than is taken.
    let mut packer = zstd::bulk::Compressor::new(19).unwrap();
    packer
        .set_parameter(zstd::zstd_safe::CParameter::Format(
            zstd::zstd_safe::FrameFormat::Magicless,
        ))
        .unwrap();
    let bomb = packer.compress(&vec![0; 512 * FRAME_MAX]).unwrap();
    assert!(bomb.len() < FRAME_MAX);
    let mut frame = vec![1];
    frame.extend(bomb);
    assert!(pack::unpack(&frame, |message| Ok(message.len())).is_err());
}

#[test]
fn a_stranger_sends_short_frames_only() {
    let (mut server, trusted) = server_end();
    trusted.store(false, Ordering::Relaxed);
    let long = framed(0, &vec![0; FRAME_MAX_STRANGER]);
    assert!(server.decode(&mut long.clone()).is_err());

    let (mut server, _) = server_end();
    let too_long = framed(0, &vec![0; FRAME_MAX]);
    assert!(server.decode(&mut too_long.clone()).is_err());
}

#[test]
fn what_is_too_long_for_a_frame_is_refused_where_it_is_made() {
    let call = HillviewRequest::SendChunk {
        request: crate::imports::SendChunk {
            import: crate::ids::ImportId(1),
            offset: 0,
            bytes: vec![7; FRAME_MAX].into(),
        },
    };
    assert_eq!(Call::encode(&call).unwrap_err().code, "too-large");
    let ping = HillviewResponse::Ping(Ok(Moment(1)));
    assert!(Answer::encode(&ping).is_ok());
}

#[test]
fn an_error_that_quotes_a_whole_call_fits_into_a_frame() {
    let long = "ñ".repeat(2 * FRAME_MAX);
    let error = ApiError::invalid("too-long", format!("no class {long:?}")).hint(long);
    let refusal = Answer::refusal("OpenSheet", &error);
    let reply = HillviewResponse::OpenSheet(Err(error));
    for answer in [refusal, Answer::encode(&reply).unwrap()] {
        assert!(answer.0.len() < 4 * 1024, "{} bytes", answer.0.len());
        let told = answer.error().unwrap();
        assert!(told.message.starts_with("no class \"ñ"), "{}", told.message);
        let hint = told.hint.unwrap();
        assert_eq!(
            (told.message.chars().count(), hint.chars().count()),
            (500, 500)
        );
        assert!(hint.ends_with('…'), "{hint}");
    }
}
