package pluginhost_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
	"golang.org/x/sys/unix"
)

// caged starts the plugin "p" in its sandbox, and returns the folder of its state.
func caged(t *testing.T) (h *pluginhost.Host, state string) {
	t.Helper()
	if unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, 0, 0, 0) != unix.EFAULT {
		t.Skip("the kernel has no seccomp filters")
	}
	dir := t.TempDir()
	own(t, dir, "")
	h = start(t, pluginhost.Config{Dir: dir, CacheDir: t.TempDir(), Shim: shim(t), StartTimeout: time.Minute, ResolveTimeout: time.Minute})
	await(t, h, "p", in(pluginhost.Serving))
	return h, must(t, h, "environment STATE_DIRECTORY")
}

func TestAPluginMakesNoCallThatLandlockCannotRefuse(t *testing.T) {
	h, state := caged(t)
	key := filepath.Join(t.TempDir(), "admin.key")
	if err := os.WriteFile(key, []byte("s3cr3t"), 0o600); err != nil {
		t.Fatal(err)
	}
	was, err := os.Stat(key)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener(t))
	host := fmt.Sprint(os.Getpid())
	const refused, denied, unknown = "operation not permitted", "permission denied", "function not implemented"
	for job, want := range map[string]string{
		"fchmodat " + key: refused, "fchmodat2 " + key: refused, "fchownat " + key: refused, "utimensat " + key: refused,
		"setxattr " + key: refused, "lremovexattr " + key: refused, "fchmodat " + filepath.Dir(key): refused,
		"open3 " + key: denied, "openat2 " + key: unknown, "opath " + key: "bad file descriptor\nchmod /proc/self/fd/", "io_uring": unknown,
		"prlimit " + host: refused, "setpriority " + host: refused, "sched_setaffinity " + host: refused, "sched_setscheduler " + host: refused,
		"prlimit 0": "ok", "setpriority 0": "ok", "sched_setaffinity 0": "ok",
		"unshare": refused, "clone3": unknown, "keyctl": refused, "bpf": refused, "perf_event_open": refused,
		"mptcp": "protocol not supported", "smc": "address family not supported by protocol", "fastopen " + port: "operation not supported",
		"own " + state: "ok",
	} {
		t.Run(strings.Fields(job)[0], func(t *testing.T) {
			if got := must(t, h, "try "+job); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s; want %s", job, got, want)
			}
		})
	}
	if runtime.GOARCH == "amd64" {
		if got := must(t, h, "try x32"); got != unknown {
			t.Errorf("a call by its number of x32: %s, want %s", got, unknown)
		}
	}
	if is, err := os.Stat(key); err != nil || is.Mode() != was.Mode() || is.ModTime() != was.ModTime() {
		t.Errorf("the key was %s of %s and is %s of %s (%v)", was.Mode(), was.ModTime(), is.Mode(), is.ModTime(), err)
	}
	if got := must(t, h, "version"); got != "1.0.0" {
		t.Errorf("afterwards it answers %s", got)
	}
}

func TestOtherLanguagesWorkInTheSandbox(t *testing.T) {
	h, _ := caged(t)
	for program, script := range map[string]string{
		"python3": `import os, shutil, socket, subprocess, sqlite3, tempfile, threading
d = tempfile.mkdtemp(); a, b = d + "/a", d + "/b"
open(a, "w").write("x"); shutil.copyfile(a, b); os.rename(b, a)
f = open(a); os.fchmod(f.fileno(), 0o640); os.utime(f.fileno(), (1, 1))
t = threading.Thread(target=lambda: subprocess.run(["true"], check=True)); t.start(); t.join()
c = sqlite3.connect(d + "/db"); c.execute("pragma journal_mode=wal"); c.execute("create table t (n)"); c.commit()
socket.create_server(d + "/s", family=socket.AF_UNIX).close()
shutil.rmtree(d); print("fine")`,
		"node": `const fs = require("fs"), os = require("os"), path = require("path"), { Worker } = require("worker_threads");
const d = fs.mkdtempSync(path.join(os.tmpdir(), "n")), a = d + "/a";
fs.writeFileSync(a, "x"); fs.copyFileSync(a, d + "/b"); fs.fchmodSync(fs.openSync(a, "r+"), 0o640);
require("child_process").execFileSync("true");
new Worker("1", { eval: true }).on("exit", () => fs.promises.readFile(a).then(() => { fs.rmSync(d, { recursive: true }); console.log("fine") }));`,
		"sh": `d=$(mktemp -d) && echo x > "$d/a" && cp "$d/a" "$d/b" && mv "$d/b" "$d/c" && rm -r "$d" && (sleep 0 & wait) && echo fine`,
	} {
		t.Run(program, func(t *testing.T) {
			if _, err := exec.LookPath(program); err != nil {
				t.Skip(err)
			}
			flag := map[string]string{"node": "-e"}[program]
			if flag == "" {
				flag = "-c"
			}
			if got := must(t, h, fmt.Sprintf("run %s %s '%s'", program, flag, script)); got != "fine" {
				t.Errorf("it says %s", got)
			}
		})
	}
}

func TestAProgramOf32BitsIsKilledInTheSandbox(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the program is for amd64")
	}
	h, state := caged(t)
	const at = 0x10000
	header := elf.Header32{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}, Type: uint16(elf.ET_EXEC),
		Machine: uint16(elf.EM_386), Version: 1, Entry: at + 84, Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 1,
	}
	var program bytes.Buffer
	segment := elf.Prog32{Type: uint32(elf.PT_LOAD), Vaddr: at, Filesz: 93, Memsz: 93, Flags: uint32(elf.PF_R | elf.PF_X), Align: 0x1000}
	exit := []byte{0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80} // mov eax, 1; xor ebx, ebx; int 0x80
	for _, part := range []any{header, segment, exit} {
		if err := binary.Write(&program, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(state, "exits")
	if err := os.WriteFile(file, program.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(file).Run(); err != nil {
		t.Skipf("the kernel runs no programs of 32 bits: %v", err)
	}
	const killed = "159" // 128 and SIGSYS
	if got := must(t, h, "run "+file+"; echo $?"); !strings.HasSuffix(got, killed) {
		t.Errorf("it ends with %s, want %s", got, killed)
	}
}
