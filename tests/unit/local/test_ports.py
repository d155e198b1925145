"""Ports: free, each once, and the same at the next start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pressroom_local.ports import choose_ports, is_free


def test_the_same_ports_are_chosen_again(tmp_path: Path) -> None:
    first = choose_ports(tmp_path / "ports.json", ["a", "b", "c"])
    assert len(set(first.values())) == 3
    assert choose_ports(tmp_path / "ports.json", ["a", "b", "c"]) == first


def test_a_port_that_is_in_use_now_is_replaced(tmp_path: Path) -> None:
    first = choose_ports(tmp_path / "ports.json", ["a", "b"])
    with socket.create_server(("127.0.0.1", first["a"])):
        assert not is_free(first["a"])
        second = choose_ports(tmp_path / "ports.json", ["a", "b"])
    assert second["a"] != first["a"]
    assert second["b"] == first["b"]


def test_a_port_that_is_taken_by_name_is_not_given(tmp_path: Path) -> None:
    first = choose_ports(tmp_path / "ports.json", ["a"])
    assert choose_ports(tmp_path / "ports.json", ["a"], taken=frozenset(first.values())) != first


@pytest.mark.parametrize("content", ["", "[]", "nonsense", '{"a": "x", "b": 0, "c": 99999999}'])
def test_a_broken_file_of_ports_is_written_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)
    chosen = choose_ports(tmp_path / "ports.json", ["a", "b", "c"])
    assert choose_ports(tmp_path / "ports.json", ["a", "b", "c"]) == chosen
