#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A kubelet's few calls to a CRI socket, for tests: gRPC as far as that takes.

cri.py SOCKET pod NAMESPACE NAME UID              starts a pod's sandbox, prints its id
cri.py SOCKET run NAMESPACE NAME UID POD CONTAINER IMAGE COMMAND...
                                                  starts a container in it, prints its id
cri.py SOCKET stop CONTAINER
cri.py SOCKET remove CONTAINER

The numbers are those of fields in k8s.io/cri-api's runtime/v1 api.proto.
"""
import socket
import struct
import sys

LABEL = "io.kubernetes."


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def field(number, value):
    """One field of protobuf; of a list each, of a dictionary as a map<string, string>."""
    if isinstance(value, list):
        return b"".join(field(number, v) for v in value)
    if isinstance(value, dict):
        return b"".join(field(number, field(1, k) + field(2, v)) for k, v in value.items())
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def frame(kind, flags, stream, data=b""):
    return struct.pack(">I", len(data))[1:] + struct.pack(">BBI", kind, flags, stream) + data


def header(name, value):
    """HPACK: a literal with a new name, neither indexed nor compressed."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def take(connection, length):
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise SystemExit("the connection has ended")
        data += more
    return data


def call(path, method, message):
    """An answer has data; an error has only trailers, which are shown as they are."""
    head = b"".join(header(n, v) for n, v in (
        (":method", "POST"), (":scheme", "http"), (":authority", "localhost"),
        (":path", "/runtime.v1.RuntimeService/" + method),
        ("content-type", "application/grpc"), ("te", "trailers")))
    answer = b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(path)
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 4, 1, head) +
            frame(0, 1, 1, b"\0" + struct.pack(">I", len(message)) + message))
        while True:
            start = take(connection, 9)
            data = take(connection, int.from_bytes(start[:3], "big"))
            kind, flags = start[3], start[4]
            if kind == 0:
                answer += data
            elif kind == 4 and not flags & 1:
                connection.sendall(frame(4, 1, 0))
            elif kind in (3, 7) or kind == 1 and flags & 1:
                if len(answer) >= 5:
                    return answer[5:]
                raise SystemExit("%s: %r" % (method, data))


def only_text(message):
    """The first field of an answer, which is a short text."""
    return message[2:2 + message[1]].decode()


def sandbox(namespace, name, uid):
    labels = {LABEL + "pod.name": name, LABEL + "pod.namespace": namespace,
              LABEL + "pod.uid": uid}
    unconfined = field(9, field(1, 1))
    linux = field(1, "/kubepods/besteffort/pod" + uid) + field(2, unconfined)
    return (field(1, field(1, name) + field(2, uid) + field(3, namespace)) + field(2, name) +
            field(3, "/var/log/pods/%s_%s_%s" % (namespace, name, uid)) +
            field(6, labels) + field(8, linux))


def run(path, namespace, name, uid, pod, container, image, *command):
    labels = {LABEL + "container.name": container, LABEL + "pod.name": name,
              LABEL + "pod.namespace": namespace, LABEL + "pod.uid": uid}
    private_pids = field(3, field(2, 1))
    config = (field(1, field(1, container)) + field(2, field(1, image)) +
              field(3, list(command)) + field(9, labels) +
              field(11, container + "/0.log") +
              field(15, field(2, private_pids + field(15, field(1, 1)))))
    created = only_text(call(
        path, "CreateContainer", field(1, pod) + field(2, config) +
        field(3, sandbox(namespace, name, uid))))
    call(path, "StartContainer", field(1, created))
    print(created)


def main():
    path, what, *rest = sys.argv[1:]
    if what == "pod":
        print(only_text(call(path, "RunPodSandbox", field(1, sandbox(*rest)))))
    elif what == "run":
        run(path, *rest)
    elif what == "stop":
        call(path, "StopContainer", field(1, rest[0]))
    elif what == "remove":
        call(path, "RemoveContainer", field(1, rest[0]))


main()
