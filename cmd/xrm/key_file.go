package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// readKey returns the API key of a client command. It never stands on the
// command line, where other users of the machine could see it.
func readKey(config Config, environ []string) (string, error) {
	if key, ok := lookupEnv(environ, "XRM_KEY"); ok {
		return key, nil
	}
	data, err := os.ReadFile(keyFile(config))
	if err != nil {
		return "", fmt.Errorf("read the API key: %w; the first `xrm serve` writes one into its data folder: name it with --key-file, or put the key into XRM_KEY", err)
	}
	key := strings.TrimSpace(string(data))
	if key == "" {
		return "", fmt.Errorf("the key file %s is empty", keyFile(config))
	}
	return key, nil
}

func keyFile(config Config) string {
	if config.KeyFile != "" {
		return config.KeyFile
	}
	return adminKeyFile(config)
}

// adminKeyFile is where the first start of the server puts a key.
func adminKeyFile(config Config) string { return filepath.Join(config.Data, "admin.key") }
