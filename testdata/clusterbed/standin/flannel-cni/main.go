// Command flannel-cni stands in for flannel's CNI plugin, whose module the
// proxy does not serve. It completes its configuration with the subnet that
// flanneld wrote to /run/flannel/subnet.env and hands over to the bridge
// plugin, as the original does on Linux.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(); err != nil {
		// The error format of the CNI specification; 999 is for plugins.
		json.NewEncoder(os.Stdout).Encode(map[string]any{"cniVersion": "1.0.0", "code": 999, "msg": err.Error()})
		os.Exit(1)
	}
}

// netConf is the part of the configuration that flannel's manifest uses.
type netConf struct {
	CNIVersion string         `json:"cniVersion"`
	Name       string         `json:"name"`
	SubnetFile string         `json:"subnetFile"`
	DataDir    string         `json:"dataDir"`
	Delegate   map[string]any `json:"delegate"`
}

func run() error {
	if os.Getenv("CNI_COMMAND") == "VERSION" {
		_, err := fmt.Println(`{"cniVersion":"1.0.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}`)
		return err
	}
	conf := netConf{SubnetFile: "/run/flannel/subnet.env", DataDir: "/var/lib/cni/flannel"}
	if err := json.NewDecoder(os.Stdin).Decode(&conf); err != nil {
		return fmt.Errorf("network configuration: %w", err)
	}
	file := filepath.Join(conf.DataDir, os.Getenv("CNI_CONTAINERID"))
	switch os.Getenv("CNI_COMMAND") {
	case "ADD":
		return add(conf, file)
	case "DEL":
		return del(file)
	default: // CHECK, STATUS, GC: nothing of its own to look at
		return nil
	}
}

// add delegates and keeps what it delegated, for del.
func add(conf netConf, file string) error {
	text, err := delegation(conf)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(conf.DataDir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	return delegate(text)
}

// del undoes an add; without one there is nothing to undo.
func del(file string) error {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := delegate(text); err != nil {
		return err
	}
	return os.Remove(file)
}

// delegation is the configuration of the bridge plugin.
func delegation(conf netConf) ([]byte, error) {
	env, err := subnetEnv(conf.SubnetFile)
	if err != nil {
		return nil, err
	}
	// flanneld writes the address of the bridge; host-local wants its network.
	subnet, err := netip.ParsePrefix(env["FLANNEL_SUBNET"])
	if err != nil {
		return nil, fmt.Errorf("%s: FLANNEL_SUBNET: %w", conf.SubnetFile, err)
	}
	bridge := map[string]any{"type": "bridge"}
	for key, value := range conf.Delegate {
		bridge[key] = value
	}
	bridge["name"], bridge["cniVersion"] = conf.Name, conf.CNIVersion
	// What flanneld masquerades the bridge need not, and the reverse.
	bridge["ipMasq"] = env["FLANNEL_IPMASQ"] != "true"
	bridge["mtu"] = json.Number(env["FLANNEL_MTU"])
	if bridge["isDefaultGateway"] == nil {
		bridge["isGateway"] = true
	}
	bridge["ipam"] = map[string]any{
		"type":   "host-local",
		"ranges": [][]map[string]string{{{"subnet": subnet.Masked().String()}}},
		"routes": []map[string]string{{"dst": env["FLANNEL_NETWORK"]}},
	}
	return json.Marshal(bridge)
}

// subnetEnv reads the lines KEY=value that flanneld wrote.
func subnetEnv(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("flanneld has not written its subnet: %w", err)
	}
	defer file.Close()
	env := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		env[key] = value
	}
	for _, key := range []string{"FLANNEL_NETWORK", "FLANNEL_SUBNET", "FLANNEL_MTU"} {
		if env[key] == "" {
			return nil, fmt.Errorf("%s lacks %s", path, key)
		}
	}
	return env, nil
}

// delegate runs the bridge plugin with this program's environment.
func delegate(conf []byte) error {
	for _, dir := range filepath.SplitList(os.Getenv("CNI_PATH")) {
		path := filepath.Join(dir, "bridge")
		if _, err := os.Stat(path); err != nil {
			continue
		}
		cmd := exec.Command(path)
		cmd.Stdin = strings.NewReader(string(conf))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			os.Exit(1) // bridge has reported the error itself
		}
		return nil
	}
	return fmt.Errorf("no bridge plugin in %s: install the CNI plugins", os.Getenv("CNI_PATH"))
}
