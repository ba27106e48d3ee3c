import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./console.css";
import { createRoot } from "react-dom/client";
import { Console } from "./console.tsx";

const place = document.getElementById("console");
if (place === null) throw new Error("The page has no place for the console.");
createRoot(place).render(<Console />);
