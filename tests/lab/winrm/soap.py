# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management envelopes of a remote shell: reading requests, writing responses and faults (MS-WSMV)."""

from __future__ import annotations

import base64
import re
import uuid
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
}
SHELL_RESOURCE = NAMESPACES["rsp"] + "/cmd"
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
MAX_ENVELOPE_BYTES = 500 * 1024  #: what Windows accepts by default; a larger request is refused with HTTP 413
DEFAULT_OPERATION_SECONDS = 60.0
DEFAULT_IDLE_SECONDS = 7200.0

_DECLARATIONS = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+\.?\d*)S)?)?")


class Fault(Exception):  # noqa: N818  (SOAP calls it a fault)
    """A refusal in WS-Management's own words; `code` is the number that clients tell faults apart by."""

    def __init__(self, code: int, soap_code: str, subcode: str, text: str) -> None:
        super().__init__(text)
        self.code, self.soap_code, self.subcode, self.text = code, soap_code, subcode, text


def timed_out() -> Fault:
    """Nothing to report within OperationTimeout: the client is expected to ask again."""
    return Fault(2150858793, "s:Receiver", "w:TimedOut", "The operation did not complete within its OperationTimeout.")


def no_such_shell() -> Fault:
    """The shell was deleted, idled out, or never existed on this host."""
    return Fault(2150858843, "s:Sender", "w:InvalidSelectors", "The shell was not found on the server.")


def no_such_command() -> Fault:
    """The command was terminated, or never existed in this shell."""
    return Fault(2150858843, "s:Sender", "w:InvalidSelectors", "The command was not found in the shell.")


def unsupported_action(action: str) -> Fault:
    """An operation that a remote shell does not have."""
    return Fault(2150858771, "s:Sender", "a:ActionNotSupported", f"The action is not supported: {action}")


def unsupported_resource(resource: str) -> Fault:
    """Something else than the cmd shell that pywinrm opens."""
    return Fault(2150858752, "s:Sender", "a:DestinationUnreachable", f"The resource is not known: {resource}")


def input_closed() -> Fault:
    """Input after the end of the input."""
    return Fault(232, "s:Receiver", "w:InternalError", "The pipe is being closed.")


def parse_duration(text: str, default: float) -> float:
    """Return the seconds of an xs:duration such as PT20S or P0DT1H2M3S; the default when it is none."""
    match = _DURATION.fullmatch(text)
    if not match or len(text) < 3:
        return default
    return sum(float(number or 0) * unit for number, unit in zip(match.groups(), (86400, 3600, 60, 1), strict=True))


class Request:
    """A parsed request envelope; ValueError when the body is none."""

    def __init__(self, body: bytes) -> None:
        try:
            self._root = ElementTree.fromstring(body)  # noqa: S314 - from a client of ours, on loopback
        except ElementTree.ParseError as error:
            raise ValueError(f"not a SOAP envelope: {error}") from None
        self.action = self.text("s:Header/a:Action")
        self.message_id = self.text("s:Header/a:MessageID")
        self.resource = self.text("s:Header/w:ResourceURI")
        self.shell_id = self.text("s:Header/w:SelectorSet/w:Selector[@Name='ShellId']")
        self.operation_seconds = parse_duration(self.text("s:Header/w:OperationTimeout"), DEFAULT_OPERATION_SECONDS)
        self.idle_seconds = parse_duration(self.text("s:Body/rsp:Shell/rsp:IdleTimeOut"), DEFAULT_IDLE_SECONDS)
        size = int(self.text("s:Header/w:MaxEnvelopeSize") or MAX_ENVELOPE_BYTES)
        # Base64 makes four bytes of three, and the envelope around it needs room too.
        self.output_bytes = (min(max(size, 8192), MAX_ENVELOPE_BYTES) - 4096) * 3 // 4

    def text(self, path: str) -> str:
        """Return the text of the element at the path; empty when it is missing."""
        return (self._root.findtext(path, "", NAMESPACES) or "").strip()

    def attribute(self, path: str, name: str) -> str:
        """Return an attribute of the element at the path; empty when either is missing."""
        element = self._root.find(path, NAMESPACES)
        return "" if element is None else str(element.get(name, ""))

    @property
    def command_line(self) -> str:
        """The command and its arguments, joined as Windows joins them."""
        path = "s:Body/rsp:CommandLine/rsp:"
        arguments = [element.text or "" for element in self._root.iterfind(path + "Arguments", NAMESPACES)]
        return " ".join(filter(None, [self.text(path + "Command"), *arguments]))

    @property
    def has_console_input(self) -> bool:
        """True for a command that reads a console: nothing will be sent to its input."""
        return self.text("s:Header/w:OptionSet/w:Option[@Name='WINRS_CONSOLEMODE_STDIN']").upper() == "TRUE"


def envelope(action: str, relates_to: str, body: str) -> bytes:
    """Return a response envelope around a body of markup."""
    return (
        f'<s:Envelope xml:lang="en-US"{_DECLARATIONS}><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>uuid:{new_id()}</a:MessageID><a:To>{NAMESPACES['a']}/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault_body(fault: Fault) -> str:
    """Return the body of a fault; its envelope travels with HTTP status 500."""
    text = escape(fault.text)
    return (
        f"<s:Fault><s:Code><s:Value>{fault.soap_code}</s:Value>"
        f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault Code="{fault.code}" Machine="127.0.0.1"><f:Message>{text}</f:Message></f:WSManFault>'
        "</s:Detail></s:Fault>"
    )


def shell_body(shell_id: str, idle_seconds: float) -> str:
    """Return the body that answers Create; pywinrm takes the shell's identifier from the selector."""
    return (
        f"<x:ResourceCreated><a:Address>{NAMESPACES['a']}/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{SHELL_RESOURCE}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        "</x:ResourceCreated>"
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{SHELL_RESOURCE}</rsp:ResourceUri>"
        f"<rsp:IdleTimeOut>PT{idle_seconds:.3f}S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
    )


def command_body(command_id: str) -> str:
    """Return the body that answers Command."""
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"


def receive_body(command_id: str, output: dict[str, bytes], exit_code: int | None) -> str:
    """Return the body that answers Receive; with an exit code the command is done and its streams end."""
    identity, done = f"CommandId={quoteattr(command_id)}", exit_code is not None
    streams = "".join(
        f'<rsp:Stream Name="{name}" {identity}{" End=" + quoteattr("true") if done else ""}>'
        f"{base64.b64encode(data).decode()}</rsp:Stream>"
        for name, data in output.items()
        if data or done
    )
    state = f"{NAMESPACES['rsp']}/CommandState/{'Done' if done else 'Running'}"
    code = f"<rsp:ExitCode>{exit_code}</rsp:ExitCode>" if done else ""
    return (
        f"<rsp:ReceiveResponse>{streams}"
        f'<rsp:CommandState {identity} State="{state}">{code}</rsp:CommandState></rsp:ReceiveResponse>'
    )


def new_id() -> str:
    """Return an identifier in the form that Windows uses."""
    return str(uuid.uuid4()).upper()
