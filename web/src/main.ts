import { serverHost } from "./hosts/server";
import { mountPage } from "./mount";

mountPage(serverHost());
