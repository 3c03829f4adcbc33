package probe

import (
	"net/netip"
	"testing"
)

func TestMayAsk(t *testing.T) {
	for from, want := range map[string]bool{
		"10.0.0.1:40000": true, "[fd00::1]:1024": true,
		"10.0.0.1:7": false, "10.0.0.1:53": false, "10.0.0.1:1023": false, "10.0.0.1:8081": false, "[::ffff:10.0.0.1]:19": false,
		"224.0.0.1:40000": false, "255.255.255.255:40000": false, "[::ffff:255.255.255.255]:40000": false, "0.0.0.0:40000": false, "[ff02::1]:40000": false,
	} {
		if got := mayAsk(netip.MustParseAddrPort(from), EchoPort); got != want {
			t.Errorf("%s: %v", from, got)
		}
	}
}
