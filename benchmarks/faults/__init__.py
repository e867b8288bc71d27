"""The bridge under faults: real processes, one hazard at a time, judged by what people see."""
