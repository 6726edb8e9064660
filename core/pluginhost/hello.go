package pluginhost

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// checkHello checks the handshake, the only line that a plugin prints on
// standard output: "1|1|unix|/run/x/plugin|grpc|certificate". dir is where its
// socket must be.
func checkHello(line, dir string) error {
	parts := strings.Split(line, "|")
	if len(parts) < 5 || parts[0] != "1" {
		return fmt.Errorf("it printed %s on standard output, where only the handshake may be; print to standard error", cut(strconv.Quote(line), 200))
	}
	protocol, err := strconv.Atoi(parts[1])
	if err != nil || protocol != pluginpb.Protocol {
		return fmt.Errorf("%w: it speaks plugin protocol %s and this xrm speaks %d; %s", errIncompatible, parts[1], pluginpb.Protocol, whoMoves(protocol))
	}
	if err := checkAddress(parts[2], parts[3], dir); err != nil {
		return err
	}
	if parts[4] != "grpc" {
		return fmt.Errorf("it speaks %s; only grpc is understood", cut(strconv.Quote(parts[4]), 40))
	}
	if len(parts) < 6 || parts[5] == "" {
		return fmt.Errorf("its handshake has no certificate; every connection is encrypted with mutual TLS")
	}
	return nil
}

// checkAddress refuses all but names in the directory that the plugin was
// given: the host dials what the plugin says. What bears the name is for pin to
// see.
func checkAddress(network, address, dir string) error {
	if network != "unix" || filepath.Dir(filepath.Clean(address)) != filepath.Clean(dir) {
		return fmt.Errorf("it wants to be reached at %s; only a unix socket in PLUGIN_UNIX_SOCKET_DIR is allowed", cut(strconv.Quote(network+" "+address), 200))
	}
	return nil
}

// noSocket tells what else a plugin has put where its socket should be.
func noSocket(path string, mode fs.FileMode) error {
	what := "no socket"
	if mode&fs.ModeSymlink != 0 {
		what = "a link, which is not followed"
	}
	return fmt.Errorf("it wants to be reached at %s, and that is %s; it has to listen there itself", cut(strconv.Quote(path), 200), what)
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
