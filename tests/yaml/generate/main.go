// Writes what kubectl makes of scalars of YAML: each as a value and as a key, and the JSON that sigs.k8s.io/yaml turns them
// into, or nothing where it refuses them.
//
//	cd tests/yaml/generate && go run . > ../scalars.txt
package main

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

var scalars = []string{
	"y", "Y", "yes", "Yes", "YES", "yEs", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "oN",
	"true", "True", "TRUE", "tRue", "false", "False", "FALSE",
	"~", "null", "Null", "NULL", "nULL", "",
	"0", "-0", "7", "-12", "+5", "+-1", "--1", "007", "-007", "0755", "+0755", "08", "-09", "00", "0o17", "-0o17", "0O17", "0o8",
	"0x1F", "0X1f", "-0x1F", "0x", "0xg", "0b11", "0B11", "-0b11", "0b2", "1_000", "_1", "1_", "1__0", "0_7", "0x_1F",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211455",
	"0.5", ".5", "5.", "+.5", "-.5", ".", "-", "+", "1e3", "1E3", "1e+3", "1e-3", "12e03", "1e400", "1.5e", ".e1", "1_0.5_0", "._5",
	"0x1p-2", "1.0", "1.50", "100000000000000000000.0", "1234567.5", "0.00001",
	"1:30", "190:20:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "<<", "=", "1.2.3", "500m", "1Gi", "5%", "1e2Mi",
	"\"yes\"", "'0755'", "\"5\"", "!!str 5", "!!str yes", "!!int \"5\"", "!!int \"0755\"", "!!int x", "!!float 1", "!!float \"0755\"", "!!bool \"yes\"", "!!bool on", "!!bool 1",
	"!!null ~", "!!null x", "!local 5", "!local yes", "! 5", "! yes",
}

func main() {
	for _, scalar := range scalars {
		for _, text := range []string{"a: " + scalar, "? " + scalar + "\n: 1"} {
			written, _ := json.Marshal(text)
			read, err := yaml.YAMLToJSON([]byte(text))
			if err != nil {
				read = nil
			}
			fmt.Printf("%s %s\n", written, read)
		}
	}
}
