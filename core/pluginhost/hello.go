package pluginhost

import (
	"fmt"
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

// checkAddress refuses all but sockets in the directory that the plugin was
// given: the host dials what the plugin says.
func checkAddress(network, address, dir string) error {
	if network != "unix" || filepath.Dir(filepath.Clean(address)) != filepath.Clean(dir) {
		return fmt.Errorf("it wants to be reached at %s; only a unix socket in PLUGIN_UNIX_SOCKET_DIR is allowed", cut(strconv.Quote(network+" "+address), 200))
	}
	return nil
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
