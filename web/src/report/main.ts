import { mount } from "svelte";
import "../app.css";
import type { ReportData } from "../contract";
import Report from "./Report.svelte";

// Written into the file where it was made; null in the empty form of it.
const data = JSON.parse(document.getElementById("data")!.textContent!) as ReportData | null;
mount(Report, { target: document.getElementById("app")!, props: { data } });
