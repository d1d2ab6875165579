#!/usr/bin/env -S node --conditions=source
import { main } from "@koplamp/cli";

process.exitCode = await main(process.argv.slice(2));
