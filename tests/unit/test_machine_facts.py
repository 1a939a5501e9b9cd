"""Descriptive facts of the machine, read from trees of files as kernels show them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from feedrate import machine
from feedrate.machine import cgroups, cores, processor, reading, software, storage, surroundings

AFFINITY = len(os.sched_getaffinity(0))

X86 = """processor\t: 0
model name\t: A CPU
flags\t\t: fpu sse2 sse4_2 avx2 avx512f avx512_vnni amx_tile hypervisor
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd aes asimddp sve\n"

MOUNTS = """22 1 254:0 / / rw,relatime - ext4 /dev/vda1 rw,discard,resuid=65534
23 22 0:23 / /dev/shm rw,nosuid - tmpfs tmpfs rw,size=8k
31 22 0:50 / /mnt/my\\040data rw,noatime shared:1 master:2 - nfs4 host:/x rw,vers=4.2,addr=1.2.3.4
40 22 0:61 / /mnt/overlay rw - overlay overlay rw,lowerdir=/a:/b,upperdir=/c
"""


def write(root: Path, files: dict[str, str]) -> Path:
    """Lay out a tree of small files, as the kernel shows them."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        (  # a job's group inside a slice's: the smaller one holds
            {
                "proc/self/cgroup": "0::/slice/job\n",
                "sys/fs/cgroup/slice/cpu.max": "100000 100000\n",
                "sys/fs/cgroup/slice/job/cpu.max": "800000 100000\n",
            },
            1,
        ),
        (  # the host's path of a container's group is not there; the top folder is its own
            {"proc/self/cgroup": "0::/host/1a2b\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"},
            0.5,
        ),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/docker/1a\n2:memory:/docker/1a\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/cpu.max": "1 100000\n",
            },
            2,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
    ],
)
def test_a_cgroup_quota_is_found(tmp_path: Path, files: dict[str, str], quota: float) -> None:
    write(tmp_path, files)
    assert cores.quota_cores(tmp_path) == quota
    expected = AFFINITY if quota is None else min(AFFINITY, max(1, int(quota)))
    assert cores.usable_cores(tmp_path) == expected


@pytest.mark.parametrize(
    ("version", "name", "text", "limit"),
    [
        ("0::/a", "sys/fs/cgroup/a/memory.max", "1073741824", 2**30),
        ("0::/a", "sys/fs/cgroup/memory.max", "max", None),
        ("4:memory:/a", "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4096", 4096),
        ("4:memory:/a", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712", None),
    ],
)
def test_a_memory_limit_is_found(
    tmp_path: Path, version: str, name: str, text: str, limit: int | None
) -> None:
    write(tmp_path, {"proc/self/cgroup": f"{version}\n", name: f"{text}\n"})
    assert cgroups.memory_limit_bytes(tmp_path) == limit


def test_cores_are_counted_by_what_limits_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/cpuset.cpus.effective": "0-3,8\n",
            "sys/devices/system/cpu/cpu0/topology/thread_siblings_list": "0,64\n",
            "sys/devices/system/node/online": "0-1\n",
        },
    )
    counted = cores.count_cores(tmp_path)
    assert counted["cpuset"] == "0-3,8"
    assert (counted["threads_per_core"], counted["numa_nodes"]) == (2, 2)
    assert counted["affinity"] == AFFINITY
    assert reading.count_listed("0-3,8") == 5


def test_instruction_sets_of_both_families_are_listed(tmp_path: Path) -> None:
    write(tmp_path, {"proc/cpuinfo": X86})
    assert processor.list_flags(tmp_path) == "amx_tile avx2 avx512_vnni avx512f sse4_2"
    write(tmp_path, {"proc/cpuinfo": ARM})
    assert processor.list_flags(tmp_path) == "asimd asimddp sve"


def test_caches_have_names_sizes_and_sharers(tmp_path: Path) -> None:
    caches = [
        ("1", "Data", "32K", "0"),
        ("1", "Instruction", "64K", "0"),
        ("3", "Unified", "8M", "0-7"),
    ]
    for place, values in enumerate(caches):
        names = ("level", "type", "size", "shared_cpu_list")
        folder = f"sys/devices/system/cpu/cpu0/cache/index{place}"
        write(tmp_path, {f"{folder}/{n}": v for n, v in zip(names, values, strict=True)})
    expected = {"L1d": "32K", "L1i": "64K", "L3": "8M, shared by 8"}
    assert processor.list_caches(tmp_path) == expected


def test_the_frequency_policy_is_read(tmp_path: Path) -> None:
    policy = "sys/devices/system/cpu/cpu0/cpufreq"
    write(
        tmp_path,
        {
            f"{policy}/scaling_governor": "powersave\n",
            f"{policy}/scaling_driver": "intel_pstate\n",
            f"{policy}/scaling_min_freq": "800000\n",
            f"{policy}/scaling_max_freq": "3500000\n",
            "sys/devices/system/cpu/intel_pstate/no_turbo": "1\n",
        },
    )
    assert processor.read_frequency(tmp_path) == {
        "governor": "powersave",
        "driver": "intel_pstate",
        "min_mhz": 800.0,
        "max_mhz": 3500.0,
        "boost": "off",
    }


@pytest.mark.parametrize(
    ("files", "environment", "expected"),
    [
        ({".dockerenv": ""}, {}, "docker (/.dockerenv)"),
        ({"run/.containerenv": ""}, {"container": "podman"}, "podman (environment)"),
        ({}, {"KUBERNETES_SERVICE_HOST": "x"}, "kubernetes (KUBERNETES_SERVICE_HOST)"),
        ({"proc/self/cgroup": "0::/lxc/box"}, {}, "lxc (cgroup)"),
        ({"run/systemd/container": "lxc\n"}, {}, "lxc (/run/systemd/container)"),
        ({"proc/self/cgroup": "0::/user.slice"}, {"HOME": "x"}, "none seen"),
    ],
)
def test_containers_are_known_by_their_signs(
    tmp_path: Path, files: dict[str, str], environment: dict[str, str], expected: str
) -> None:
    assert surroundings.find_container(write(tmp_path, files), environment) == expected


def test_a_hypervisor_is_named_where_it_tells(tmp_path: Path) -> None:
    write(tmp_path, {"proc/cpuinfo": X86})
    assert surroundings.find_hypervisor(tmp_path) == "virtual machine (vendor not told)"
    write(tmp_path, {"sys/class/dmi/id/sys_vendor": "QEMU", "sys/class/dmi/id/product_name": "Q35"})
    assert surroundings.find_hypervisor(tmp_path) == "virtual machine (QEMU Q35)"
    write(tmp_path, {"proc/cpuinfo": "flags\t: sse2\n"})
    assert surroundings.find_hypervisor(tmp_path) == "no sign of one (QEMU Q35)"


def test_the_keeper_of_memory_is_described(tmp_path: Path) -> None:
    kdamond = "sys/kernel/mm/damon/admin/kdamonds/0/state"
    write(
        tmp_path,
        {kdamond: "off", "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never"},
    )
    assert surroundings.describe_memory(tmp_path)["idle_page_reclaim"] == "off"
    write(tmp_path, {kdamond: "on"})
    memory = surroundings.describe_memory(tmp_path)
    assert (memory["idle_page_reclaim"], memory["huge_pages"]) == ("on", "madvise")


def test_a_gpu_is_named_without_loading_a_library(tmp_path: Path) -> None:
    version = (
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023"
    )
    card = "Model: \t\t Tesla T4\nIRQ:   \t\t 10\n"
    write(
        tmp_path,
        {"proc/driver/nvidia/version": version, "proc/driver/nvidia/gpus/0/information": card},
    )
    assert surroundings.find_gpu(tmp_path) == "Tesla T4; driver 535.129.03"


def test_mounts_keep_the_options_that_matter_and_no_addresses() -> None:
    mounts = storage.read_mounts(MOUNTS)
    assert mounts[22] == storage.Mount("254:0", "ext4", "rw,relatime,discard", "/dev/vda1")
    assert mounts[31].options == "rw,noatime,vers=4.2"
    assert mounts[40].options == "rw"


def test_the_mount_is_the_one_the_kernel_means(tmp_path: Path) -> None:
    known = {
        mount.file_system
        for mount in storage.read_mounts(Path("/proc/self/mountinfo").read_text()).values()
    }
    assert machine.file_system_of(tmp_path) in known
    assert machine.file_system_of(Path("/proc/self/status")) == "proc"
    assert machine.file_system_of(tmp_path / "missing") == "not readable"


def test_a_partition_is_described_by_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "field", lambda *_: "22")
    disk = "sys/devices/block/vda"
    queue = {"rotational": "0", "read_ahead_kb": "128", "scheduler": "none [mq-deadline] bfq"}
    write(tmp_path, {"proc/self/mountinfo": MOUNTS, f"{disk}/vda1/partition": "1"})
    write(tmp_path, {f"{disk}/queue/{name}": text for name, text in queue.items()})
    link = tmp_path / "sys/dev/block/254:0"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / disk / "vda1")
    assert storage.describe_storage(tmp_path, tmp_path) == {
        "file_system": "ext4",
        "options": "rw,relatime,discard",
        "device": "vda",
        "rotational": "no",
        "read_ahead_kib": "128",
        "scheduler": "mq-deadline",
    }


def test_what_lies_on_no_disk_has_no_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "field", lambda *_: "31")
    write(tmp_path, {"proc/self/mountinfo": MOUNTS})
    found = storage.describe_storage(tmp_path, tmp_path)
    assert (found["file_system"], found["device"]) == ("nfs4", "none that the kernel tells")


def test_every_decoder_tells_its_libjpeg() -> None:
    found = software.list_libjpeg()
    assert set(found) == {"pillow", "opencv", "simplejpeg"}
    for name, version in found.items():
        assert version.startswith("libjpeg-turbo "), f"{name}: {version}"
        assert version.split()[1][0].isdecimal()


@pytest.mark.parametrize(
    ("name", "module"), [("pillow", "PIL.features"), ("simplejpeg", "simplejpeg._jpeg")]
)
def test_a_missing_decoder_is_not_installed(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert software.list_libjpeg()[name] == "not installed"


def test_a_decoder_that_does_not_tell_is_said_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  PNG: yes\n")
    assert software.list_libjpeg()["opencv"] == "not told"
    monkeypatch.setattr(
        cv2, "getBuildInformation", lambda: "  JPEG:   /usr/lib/libjpeg.so (ver 62)\n"
    )
    assert software.list_libjpeg()["opencv"] == "/usr/lib/libjpeg.so (ver 62)"


def test_the_allocator_s_variables_are_told_without_folders() -> None:
    assert software.list_allocator_variables({"HOME": "/x"}) == "none set"
    tuned = {
        "MALLOC_ARENA_MAX": "1",
        "LD_PRELOAD": "/opt/me/libjemalloc.so.2:/opt/b.so",
        "PATH": "/x",
    }
    expected = "LD_PRELOAD=libjemalloc.so.2:b.so MALLOC_ARENA_MAX=1"
    assert software.list_allocator_variables(tuned) == expected


def test_an_unknown_c_library_is_not_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", refuse)
    assert software.name_libc() == "not readable"
