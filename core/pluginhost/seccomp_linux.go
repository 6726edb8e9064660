package pluginhost

import (
	"fmt"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// forbidden is a system call that plugins may not make, and what they are told
// instead.
type forbidden struct {
	call  uint32
	as    unix.Errno
	where []operand // all of them hold; none for always
}

// operand compares an argument of a system call: its lower half, which is all
// that the kernel reads of a number.
type operand struct {
	argument uint32
	mask     uint32
	is       uint32
	not      bool // the masked argument is anything else
	pointer  bool // the upper half counts as well, as another value; only with not and without a mask
}

// Where things are in what a filter sees of a call: struct seccomp_data.
const (
	callAt     = 0
	machineAt  = 4
	argumentAt = 16
)

// filterCalls installs a filter for system calls in this thread and in all that it
// executes. It does nothing on a kernel, or a machine, that has none.
func filterCalls(calls []forbidden) error {
	if !canFilter() {
		return nil
	}
	raw, err := bpf.Assemble(filter(calls))
	if err != nil {
		return fmt.Errorf("assemble a filter of %d calls: %w", len(calls), err)
	}
	instructions := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		instructions[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	program := unix.SockFprog{Len: uint16(len(instructions)), Filter: &instructions[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("install a filter of %d instructions: %w", len(instructions), err)
	}
	return nil
}

// canFilter asks for a filter that lies nowhere, which only a kernel that knows
// none takes for a wrong question.
func canFilter() bool {
	return machine != 0 && unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, 0, 0, 0) == unix.EFAULT
}

// filter answers the forbidden calls and lets everything else pass. Calls of another
// kind of program, whose numbers mean something else, end the process.
func filter(calls []forbidden) []bpf.Instruction {
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: machineAt, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: machine, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: callAt, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: firstForeign, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
	}
	for _, f := range calls {
		program = append(program, f.instructions()...)
	}
	return append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
}

// instructions begin and end with the number of the call loaded.
func (f forbidden) instructions() []bpf.Instruction {
	answer := bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(f.as)}
	if len(f.where) == 0 {
		return []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: f.call, SkipTrue: 1}, answer}
	}
	var checks []bpf.Instruction // each is five long, and leaves for the end when it does not hold
	left := 5 * len(f.where)
	for _, o := range f.where {
		left -= 5
		checks = append(checks, o.instructions(left)...)
	}
	checks = append(checks, answer)
	program := append([]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: f.call, SkipTrue: uint8(len(checks) + 1)}}, checks...)
	return append(program, bpf.LoadAbsolute{Off: callAt, Size: 4})
}

// instructions go on where the operand is so, and over left more and the answer
// where it is not.
func (o operand) instructions(left int) []bpf.Instruction {
	at, mask := argumentAt+8*o.argument, o.mask
	if mask == 0 {
		mask = ^uint32(0)
	}
	otherwise := bpf.JumpEqual
	if !o.not {
		otherwise = bpf.JumpNotEqual
	}
	upper := bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0} // goes on either way
	if o.pointer {
		upper = bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0, SkipTrue: 3}
	}
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: at + 4, Size: 4}, upper,
		bpf.LoadAbsolute{Off: at, Size: 4}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask},
		bpf.JumpIf{Cond: otherwise, Val: o.is, SkipTrue: uint8(left + 1)},
	}
}
